import { keccak256 } from '../keccak.js';
import { type TransactionType } from './transaction-body.js';

/**
 * What the sender signed: the type byte and the list of all fields but the signature (EIP-2930, EIP-1559); of a legacy
 * transaction the list of its six fields with chain id, 0, 0 behind (EIP-155). `fields` are the encoded fields.
 */
export function signingHash(type: TransactionType, chainId: number, fields: Uint8Array): Uint8Array {
  const isLegacy = type === 0;
  const suffixLength = isLegacy ? integerLength(chainId) + 2 : 0;
  const listLength = fields.length + suffixLength;
  const sizeLength = listLength <= 55 ? 0 : byteLength(listLength);
  const fieldsStart = (isLegacy ? 0 : 1) + 1 + sizeLength;

  // One array and one call of the hasher: parts would cost more than the copy.
  const preimage = new Uint8Array(fieldsStart + listLength);
  let offset = 0;
  if (!isLegacy) preimage[offset++] = type;
  preimage[offset++] = sizeLength === 0 ? 0xc0 + listLength : 0xf7 + sizeLength;
  writeNumber(preimage, listLength, offset, sizeLength);
  preimage.set(fields, fieldsStart);
  if (isLegacy) writeChainIdSuffix(preimage, chainId, fieldsStart + fields.length);
  return keccak256(preimage);
}

/** What EIP-155 appends to a legacy transaction's six fields before signing: chain id, 0, 0. */
function writeChainIdSuffix(bytes: Uint8Array, chainId: number, start: number): void {
  const length = integerLength(chainId);
  if (length > 1) bytes[start] = 0x80 + length - 1;
  const digits = length > 1 ? length - 1 : 1;
  writeNumber(bytes, chainId, start + length - digits, digits);
  bytes[start + length] = bytes[start + length + 1] = 0x80;
}

/** How many bytes RLP takes for a positive integer. */
function integerLength(value: number): number {
  return value < 0x80 ? 1 : 1 + byteLength(value);
}

function byteLength(value: number): number {
  let length = 0;
  // Division, not a shift: the number may have 53 bits.
  for (let rest = value; rest >= 1; rest = Math.floor(rest / 256)) length++;
  return length;
}

function writeNumber(bytes: Uint8Array, value: number, start: number, length: number): void {
  let rest = value;
  for (let index = start + length - 1; index >= start; index--) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
