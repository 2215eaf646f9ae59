import { bigIntToBytesBE, concatBytes } from '../bytes.js';
import { keccak256Concat } from '../keccak.js';
import { type TransactionType } from './transaction-body.js';

const NO_BYTES = new Uint8Array(0);

/**
 * What the sender signed: the type byte and the list of all fields but the signature (EIP-2930, EIP-1559); of a legacy
 * transaction the list of its six fields with chain id, 0, 0 behind (EIP-155). `fields` are the encoded fields.
 */
export function signingHash(type: TransactionType, chainId: number, fields: Uint8Array): Uint8Array {
  const suffix = type === 0 ? encodeChainIdSuffix(chainId) : NO_BYTES;
  return keccak256Concat(encodeListHeader(type, fields.length + suffix.length), fields, suffix);
}

/** The type byte, if any, and the header of a list of `length` payload bytes. */
function encodeListHeader(type: TransactionType, length: number): Uint8Array {
  const prefix = type === 0 ? [] : [type];
  if (length <= 55) return Uint8Array.of(...prefix, 0xc0 + length);
  const size = toMinimalBytes(BigInt(length));
  return Uint8Array.of(...prefix, 0xf7 + size.length, ...size);
}

/** What EIP-155 appends to a legacy transaction's six fields before signing: chain id, 0, 0. */
function encodeChainIdSuffix(chainId: number): Uint8Array {
  if (chainId < 0x80) return Uint8Array.of(chainId, 0x80, 0x80);
  const bytes = toMinimalBytes(BigInt(chainId));
  return concatBytes(Uint8Array.of(0x80 + bytes.length), bytes, Uint8Array.of(0x80, 0x80));
}

function toMinimalBytes(value: bigint): Uint8Array {
  return bigIntToBytesBE(value, Math.ceil(value.toString(16).length / 2));
}
