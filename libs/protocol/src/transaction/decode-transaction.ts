import { bytesToBigIntBE } from '../bytes.js';
import { CHAIN_ID_MAX, TRANSACTION_BYTES_MAX } from '../constants.js';
import { keccak256 } from '../keccak.js';
import { RlpProblem, TransactionDecodeError, TransactionErrorCode } from './error.js';
import { INITCODE_BYTES_MAX } from './intrinsic-gas.js';
import { RlpReader } from './rlp-reader.js';
import { checkSignatureValues, refuseSignatureValue } from './signature-values.js';
import { signingHash } from './signing-hash.js';
import {
  type DecodedTransaction,
  type SignedTransaction,
  type TransactionBody,
  type TransactionType,
} from './transaction-body.js';

const UINT64_MAX = 2n ** 64n - 1n;
const UINT256_MAX = 2n ** 256n - 1n;

/**
 * Decodes one signed transaction of type 0 with replay protection (EIP-155), 1 (EIP-2930) or 2 (EIP-1559) from its
 * EIP-2718 bytes. Strict: what is accepted re-encodes to the same bytes, r and s are in range and s is low (EIP-2), the
 * nonce obeys EIP-2681, creation code EIP-3860. The sender is not recovered; an accepted signature may still have none.
 *
 * @throws {TransactionDecodeError} for anything else.
 */
export function decodeTransaction(raw: Uint8Array): DecodedTransaction {
  return Object.assign(decodeSignedTransaction(raw), { hash: keccak256(raw) });
}

/**
 * {@link decodeTransaction} without the transaction's own hash, for who has it: an entry's id.
 *
 * @throws {TransactionDecodeError} in the same cases.
 */
export function decodeSignedTransaction(raw: Uint8Array): SignedTransaction {
  const { body, signedStart, signedEnd } = scan(raw);
  const signed = raw.subarray(signedStart, signedEnd);
  return Object.assign(body, { signingHash: signingHash(body.type, body.chainId, signed) });
}

/**
 * {@link decodeTransaction} without the hashes, for executors: they take the sender and the hash from the entry.
 *
 * @throws {TransactionDecodeError} in the same cases.
 */
export function decodeTransactionBody(raw: Uint8Array): TransactionBody {
  return scan(raw).body;
}

/** Refuses a transaction for another chain. @throws {TransactionDecodeError} `TRANSACTION_CHAIN_ID_OTHER`. */
export function checkChainId(transaction: TransactionBody, chainIdExpected: number): void {
  const { chainId } = transaction;
  if (chainId !== chainIdExpected) {
    throw new TransactionDecodeError({ code: TransactionErrorCode.CHAIN_ID_OTHER, chainId, chainIdExpected });
  }
}

/** A body and which bytes of the raw transaction its sender signed: the list's items before the signature. */
interface Scan {
  readonly body: TransactionBody;
  readonly signedStart: number;
  readonly signedEnd: number;
}

function scan(raw: Uint8Array): Scan {
  if (raw.length > TRANSACTION_BYTES_MAX) {
    throw new TransactionDecodeError({ code: TransactionErrorCode.OVERSIZED, sizeBytes: raw.length });
  }
  const type = readType(raw);
  const reader = new RlpReader(raw, type === 0 ? 0 : 1, raw.length);
  const outerLimit = reader.enterList('transaction');
  const signedStart = reader.offset;

  const typedChainId = type === 0 ? 0 : toChainId(reader.readBigInt(32, 'chainId'));
  const nonce = reader.readBigInt(8, 'nonce');
  const tip = type === 2 ? readFee(reader, raw, 'maxPriorityFeePerGas') : undefined;
  const maxFeePerGas = readFee(reader, raw, type === 2 ? 'maxFeePerGas' : 'gasPrice');
  const gasLimit = reader.readBigInt(8, 'gasLimit');
  const to = readTo(reader, raw);
  const value = reader.readBigInt(32, 'value');
  reader.readString('data');
  const data = view(raw, reader.start, reader.end);
  const accessList = type === 0 ? NO_ACCESS_LIST : scanAccessList(reader);
  const signedEnd = reader.offset;

  const v = reader.readBigInt(32, type === 0 ? 'v' : 'yParity');
  const signature = readSignature(reader, raw);
  reader.leaveList(outerLimit, 'transaction');
  if (reader.offset !== raw.length) reader.fail(RlpProblem.TRAILING_BYTES, 'transaction');

  const body: TransactionBody = {
    type,
    chainId: type === 0 ? toLegacyChainId(v) : typedChainId,
    nonce,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas: tip ?? maxFeePerGas,
    to,
    value,
    data,
    accessListAddresses: accessList.addresses,
    accessListStorageKeys: accessList.storageKeys,
    signature,
    recoveryId: type === 0 ? (v % 2n === 1n ? 0 : 1) : toRecoveryId(v),
  };
  checkBody(body);
  return { body, signedStart, signedEnd };
}

/** The type by the first byte (EIP-2718): a list is a legacy transaction. */
function readType(raw: Uint8Array): TransactionType {
  const first = raw[0];
  // A string (0x80 to 0xbf) is no transaction of any type: the reader says so.
  if (first !== undefined && first >= 0x80) return 0;
  if (first === undefined || raw.length === 1) {
    throw new TransactionDecodeError({ code: TransactionErrorCode.TYPED_TOO_SHORT, sizeBytes: raw.length });
  }
  switch (first) {
    case 1:
    case 2:
      return first;
    case 3:
      throw new TransactionDecodeError({ code: TransactionErrorCode.BLOB_TYPE });
    case 4:
      throw new TransactionDecodeError({ code: TransactionErrorCode.SET_CODE_TYPE });
    default:
      throw new TransactionDecodeError({ code: TransactionErrorCode.TYPE_UNKNOWN, transactionType: first });
  }
}

function readFee(
  reader: RlpReader,
  raw: Uint8Array,
  field: 'gasPrice' | 'maxFeePerGas' | 'maxPriorityFeePerGas',
): bigint {
  reader.readInteger(field);
  const sizeBytes = reader.end - reader.start;
  if (sizeBytes > 32) {
    const isTip = field === 'maxPriorityFeePerGas';
    const code = isTip ? TransactionErrorCode.TIP_VERY_HIGH : TransactionErrorCode.FEE_CAP_VERY_HIGH;
    throw new TransactionDecodeError({ code, sizeBytes });
  }
  return bytesToBigIntBE(raw, reader.start, reader.end);
}

function readTo(reader: RlpReader, raw: Uint8Array): Uint8Array | null {
  reader.readString('to');
  if (reader.start === reader.end) return null;
  reader.checkLength(20, 'to');
  return view(raw, reader.start, reader.end);
}

const NO_ACCESS_LIST = { addresses: 0, storageKeys: 0 };

/** Checks an access list, [[20 bytes, [32 bytes, …]], …] (EIP-2930), and counts what its gas is counted by. */
function scanAccessList(reader: RlpReader): { addresses: number; storageKeys: number } {
  const outerLimit = reader.enterList('accessList');
  if (!reader.hasMore()) {
    reader.leaveList(outerLimit, 'accessList');
    return NO_ACCESS_LIST;
  }
  const counts = { addresses: 0, storageKeys: 0 };
  for (; reader.hasMore(); counts.addresses++) {
    const listLimit = reader.enterList('accessList item');
    reader.readFixed(20, 'accessList address');
    const itemLimit = reader.enterList('accessList storageKeys');
    for (; reader.hasMore(); counts.storageKeys++) reader.readFixed(32, 'accessList storageKey');
    reader.leaveList(itemLimit, 'accessList storageKeys');
    reader.leaveList(listLimit, 'accessList item');
  }
  reader.leaveList(outerLimit, 'accessList');
  return counts;
}

/** Reads the integers r and s into r ‖ s of 32 bytes each. */
function readSignature(reader: RlpReader, raw: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64);
  for (const [field, wordEnd] of SIGNATURE_WORDS) {
    reader.readInteger(field);
    const length = reader.end - reader.start;
    if (length > 32) reader.fail(RlpProblem.STRING_TOO_LONG, field);
    for (let index = 0; index < length; index++) signature[wordEnd - length + index] = raw[reader.start + index]!;
  }
  checkSignatureValues(signature);
  return signature;
}

const SIGNATURE_WORDS = [
  ['r', 32],
  ['s', 64],
] as const;

function toRecoveryId(yParity: bigint): 0 | 1 {
  if (yParity > 1n) refuseSignatureValue('v', yParity);
  return yParity === 0n ? 0 : 1;
}

/** The chain id in a legacy signature's v, which is 35 or 36 + 2 × chain id (EIP-155). */
function toLegacyChainId(v: bigint): number {
  if (v === 27n || v === 28n) throw new TransactionDecodeError({ code: TransactionErrorCode.UNPROTECTED, v });
  if (v < 35n) refuseSignatureValue('v', v);
  return toChainId((v - 35n) / 2n);
}

function toChainId(chainId: bigint): number {
  if (chainId < 1n || chainId > CHAIN_ID_MAX) {
    throw new TransactionDecodeError({ code: TransactionErrorCode.CHAIN_ID_RANGE, chainId });
  }
  return Number(chainId);
}

/** The rules between fields, in geth's order. */
function checkBody({ nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas, to, data }: TransactionBody): void {
  if (nonce === UINT64_MAX) throw new TransactionDecodeError({ code: TransactionErrorCode.NONCE_MAX, nonce });
  if (to === null && data.length > INITCODE_BYTES_MAX) {
    throw new TransactionDecodeError({
      code: TransactionErrorCode.INITCODE_OVERSIZED,
      sizeBytes: data.length,
      sizeBytesMax: INITCODE_BYTES_MAX,
    });
  }
  if (maxPriorityFeePerGas > maxFeePerGas) {
    throw new TransactionDecodeError({
      code: TransactionErrorCode.TIP_ABOVE_FEE_CAP,
      maxPriorityFeePerGas,
      maxFeePerGas,
    });
  }
  // No balance can pay it; refused here so that nobody has to think of it again.
  if (gasLimit * maxFeePerGas > UINT256_MAX) {
    throw new TransactionDecodeError({ code: TransactionErrorCode.GAS_COST_OVERFLOW, gasLimit, maxFeePerGas });
  }
}

/** A plain Uint8Array over the same memory, also where `bytes` is a Buffer. */
function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
