import { keccak256 } from './keccak.js';

/** The first byte of a serialised entry. The rest is the body: SSZ, or a transaction's raw EIP-2718 bytes. */
export enum EntryKind {
  TRANSACTION = 1,
  PRICE = 2,
  PREPARE = 3,
  DECISION = 4,
  STATE_ROOT = 5,
  REGISTRY_CHANGE = 6,
  RESTORE = 7,
}

/** The sender of an entry that has none. */
export const NO_SENDER: Uint8Array = new Uint8Array(20);

/** One element of the log with its place. `bytes` is the serialised entry: kind byte ‖ body. */
export interface LogEntry {
  sequence: bigint;
  /** The account that signed a transaction, 20 bytes; {@link NO_SENDER} for other kinds. */
  sender: Uint8Array;
  bytes: Uint8Array;
}

/** Serialises an entry: kind byte ‖ body. */
export function encodeEntry(kind: EntryKind, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = kind;
  bytes.set(body, 1);
  return bytes;
}

/** The kind of a serialised entry; throws RangeError when its first byte names none. */
export function entryKind(bytes: Uint8Array): EntryKind {
  const kind = bytes[0];
  if (kind === undefined || EntryKind[kind] === undefined) throw new RangeError(`unknown entry kind ${String(kind)}`);
  return kind;
}

/** The body of a serialised entry, without a copy. */
export const entryBody = (bytes: Uint8Array): Uint8Array => bytes.subarray(1);

/**
 * An entry's id: the keccak of its serialised bytes; a transaction's is the keccak of the raw bytes its sender
 * signed, so that it is the hash every Ethereum client knows (design, section 4).
 */
export function entryId(bytes: Uint8Array): Uint8Array {
  return bytes[0] === EntryKind.TRANSACTION ? keccak256(entryBody(bytes)) : keccak256(bytes);
}

const UINT64_MAX = 2n ** 64n - 1n;
// One preimage for all calls, hashed in one piece: three pieces cost twice as much (measured). Calls are synchronous.
const preimage = new Uint8Array(8 + 32 + 20);
const preimageView = new DataView(preimage.buffer);

/**
 * An entry's leaf: keccak(sequence as 8 bytes big-endian ‖ entry id ‖ sender), so order and sender are signed too.
 * @throws RangeError for a sequence that is no unsigned 64-bit integer, an id not of 32 or a sender not of 20 bytes
 */
export function entryLeaf(sequence: bigint, id: Uint8Array, sender: Uint8Array): Uint8Array {
  if (sequence < 0n || sequence > UINT64_MAX || id.length !== 32 || sender.length !== 20) {
    throw new RangeError(`no leaf has sequence ${sequence}, ${id.length} bytes of id and ${sender.length} of sender`);
  }
  preimageView.setBigUint64(0, sequence);
  preimage.set(id, 8);
  preimage.set(sender, 40);
  return keccak256(preimage);
}

/** Whether entries of this kind stand in the shared lane; the others stand in their rollup's lane. */
export function isShared(kind: EntryKind): boolean {
  return kind !== EntryKind.TRANSACTION && kind !== EntryKind.STATE_ROOT;
}
