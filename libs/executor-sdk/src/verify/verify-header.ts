import { recoverAddress } from '#libs/crypto';
import {
  bytesToHex,
  commitmentDigest,
  equalBytes,
  type Header,
  PROTOCOL_VERSION,
  type Registry,
  registryRoot,
} from '#libs/protocol';
import { type Cursor } from './cursor.js';
import { SliceError, type SliceErrorType } from './slice-error.js';

/** Throws a {@link SliceError} with a slice as its evidence. */
export type Fail = (type: SliceErrorType, message: string) => never;

/** Whether a header is of a log and signed by one of its leaders. */
export function isSignedByLeader(
  header: Header,
  hash: Uint8Array,
  signature: Uint8Array,
  { logId, registry }: { logId: Uint8Array; registry: Registry },
): boolean {
  if (!equalBytes(header.logId, logId)) return false;
  if (!registry.sequencerKeys.some((key) => equalBytes(key, header.leader))) return false;
  const signer = recoverAddress(commitmentDigest(logId, 'header', hash), signature);
  return signer !== null && equalBytes(signer, header.leader);
}

/** Checks that a header is the leader's word and follows the cursor. */
export function verifyHeader(
  cursor: Cursor,
  header: Header,
  hash: Uint8Array,
  signature: Uint8Array,
  fail: Fail,
): void {
  const { number } = header;
  if (header.version !== PROTOCOL_VERSION) {
    fail(
      { code: 'UNSUPPORTED_VERSION', version: header.version },
      `Block ${number} follows version ${header.version} of the rules; this program knows version ${PROTOCOL_VERSION}.`,
    );
  }
  if (!equalBytes(header.logId, cursor.logId)) {
    const [expected, got] = [bytesToHex(cursor.logId), bytesToHex(header.logId)];
    fail({ code: 'FOREIGN_LOG', expected, got }, `The slice belongs to log ${got}, this follower to ${expected}.`);
  }
  if (number !== cursor.number + 1) {
    fail({ code: 'NOT_NEXT', expected: cursor.number + 1, got: number }, `Block ${number} is not the next one.`);
  }
  verifySignature(cursor, header, hash, signature, fail);
  verifyChain(cursor, header, fail);
}

function verifySignature(cursor: Cursor, header: Header, hash: Uint8Array, signature: Uint8Array, fail: Fail): void {
  const { number } = header;
  const leader = bytesToHex(header.leader);
  if (!cursor.registry.sequencerKeys.some((key) => equalBytes(key, header.leader))) {
    fail({ code: 'UNKNOWN_LEADER', number, leader }, `Block ${number} names ${leader}, which is no sequencer's key.`);
  }
  const recovered = recoverAddress(commitmentDigest(cursor.logId, 'header', hash), signature);
  if (recovered !== null && equalBytes(recovered, header.leader)) return;
  const signer = recovered && bytesToHex(recovered);
  fail(
    { code: 'HEADER_SIGNATURE', number, leader, signer },
    `The header of block ${number} is not signed by ${leader}.`,
  );
}

function verifyChain(cursor: Cursor, header: Header, fail: Fail): void {
  const { number } = header;
  if (!equalBytes(header.parentHash, cursor.hash)) {
    const [expected, got] = [bytesToHex(cursor.hash), bytesToHex(header.parentHash)];
    fail({ code: 'PARENT_HASH', number, expected, got }, `Block ${number} follows ${got}, not our block ${expected}.`);
  }
  if (header.epoch < cursor.epoch) {
    const [expected, got] = [cursor.epoch, header.epoch];
    fail(
      { code: 'EPOCH_LOWER', number, expected, got },
      `Block ${number} is of epoch ${got}, after epoch ${expected}.`,
    );
  }
  if (header.timestamp < cursor.timestamp) {
    const [expected, got] = [cursor.timestamp, header.timestamp];
    fail({ code: 'TIMESTAMP_LOWER', number, expected, got }, `Block ${number} lies before its parent in log time.`);
  }
  if (header.firstSequence !== cursor.nextSequence) {
    const [expected, got] = [cursor.nextSequence, header.firstSequence];
    fail({ code: 'FIRST_SEQUENCE', number, expected, got }, `Block ${number} begins at ${got} instead of ${expected}.`);
  }
  const inForce = registryRoot(cursor.registry);
  if (!equalBytes(header.registryRoot, inForce)) {
    const [expected, got] = [bytesToHex(inForce), bytesToHex(header.registryRoot)];
    fail({ code: 'REGISTRY_ROOT', number, expected, got }, `Block ${number} names another registry than is in force.`);
  }
}

/** A {@link Fail} whose evidence is the slice, and the header before it where there is one. */
export const failWith =
  (evidence: Uint8Array[]): Fail =>
  (type, message) => {
    throw new SliceError(type, message, evidence);
  };
