import { absentLane, blockHash, equalBytes, LaneSlice, SHARED_LANE, SignedHeader, Slice } from '#libs/protocol';
import { type Cursor, RESTORES_MAX } from './cursor.js';
import { SliceError } from './slice-error.js';
import { type VerifiedBlock, type VerifiedEntry } from './verified-block.js';
import { type Fail, failWith, verifyHeader } from './verify-header.js';
import { type ExpectedLane, verifyLane } from './verify-lane.js';
import { verifyRegistryChanges } from './verify-registry-changes.js';
import { verifyRestores } from './verify-restores.js';

/**
 * Verifies the slice of the block after a cursor (design, section 5): header signature by a registered leader, log,
 * parent hash, epoch, timestamp, first sequence, registry root, the proofs and sequences of both lanes, the entries'
 * kinds, order and place, and the signatures of registry changes. Pure.
 *
 * @param cursor where the follower stands
 * @param bytes a serialised slice
 * @returns the block's entries in order, and the cursor after it
 * @throws SliceError with the slice as evidence
 */
export function verifySlice(cursor: Cursor, bytes: Uint8Array): VerifiedBlock {
  const fail = failWith(cursor.signedHeader ? [SignedHeader.serialize(cursor.signedHeader), bytes] : [bytes]);
  const { header, signature, shared, own } = decodeSlice(bytes);
  const hash = blockHash(header);
  verifyHeader(cursor, header, hash, signature, fail);
  const { logId, chainId, registry, laneSequences } = cursor;
  const [expectedShared, expectedOwn] = expectedLanes(cursor);
  const sharedEntries = verifyLane(shared, expectedShared, header, fail);
  const ownEntries = expectedOwn ? verifyLane(own, expectedOwn, header, fail) : verifyNoLane(own, cursor, fail);
  const entries = mergeBySequence(sharedEntries, ownEntries);
  if (!entries) {
    const type = {
      code: 'ENTRY_SEQUENCE',
      number: header.number,
      lane: 'own',
      sequence: header.firstSequence,
    } as const;
    return fail(type, `Block ${header.number} gives one sequence to two entries.`);
  }
  const signedHeader = { header, signature };
  const after = {
    own: laneSequences.own + BigInt(ownEntries.length),
    shared: laneSequences.shared + BigInt(sharedEntries.length),
  };
  const declared = verifyRestores(registry, sharedEntries, header, fail);
  const next: Cursor = {
    logId,
    chainId,
    number: header.number,
    hash,
    epoch: header.epoch,
    timestamp: header.timestamp,
    nextSequence: header.firstSequence + BigInt(header.entryCount),
    laneSequences: after,
    signedHeader,
    restores: declared ? [...cursor.restores, declared].slice(-RESTORES_MAX) : cursor.restores,
    registry: verifyRegistryChanges(registry, sharedEntries, header, fail),
  };
  return { header, signedHeader, hash, entries, laneSequences: after, registry, slice: bytes, cursor: next };
}

/** A slice from its bytes. @throws SliceError `SLICE_MALFORMED` */
export function decodeSlice(bytes: Uint8Array): Slice {
  try {
    return Slice.deserialize(bytes);
  } catch (error) {
    const reason = (error as Error).message;
    throw new SliceError({ code: 'SLICE_MALFORMED', reason }, `These ${bytes.length} bytes are no slice: ${reason}`, [
      bytes,
    ]);
  }
}

/** Where `header.number` stands in a serialised slice: after the header's version and log id. */
const NUMBER_OFFSET = 4 + 32;

/** The block number that a serialised slice claims, without decoding the rest; null where it is too short. */
export function peekNumber(bytes: Uint8Array): number | null {
  if (bytes.length < NUMBER_OFFSET + 8) return null;
  const number = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(NUMBER_OFFSET, true);
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : null;
}

function expectedLanes({ chainId, registry, laneSequences }: Cursor): [shared: ExpectedLane, own: ExpectedLane | null] {
  const position = registry.rollups.findIndex((rollup) => rollup.chainId === chainId);
  return [
    { name: 'shared', chainId: SHARED_LANE, index: 0, firstLaneSequence: laneSequences.shared + 1n },
    position === -1 ? null : { name: 'own', chainId, index: position + 1, firstLaneSequence: laneSequences.own + 1n },
  ];
}

/** A block from before its rollup was registered has no lane of it: the registry in force says so, and no proof can. */
function verifyNoLane(own: LaneSlice, { chainId, number }: Cursor, fail: Fail): VerifiedEntry[] {
  if (equalBytes(LaneSlice.serialize(own), LaneSlice.serialize(absentLane(chainId)))) return [];
  return fail(
    { code: 'LANE_UNREGISTERED', number: number + 1, chainId },
    `Block ${number + 1} can have no lane of rollup ${chainId}, which is not registered in it; its slice has one.`,
  );
}

/** Both lanes as one list, ascending; null where they share a sequence. */
function mergeBySequence(shared: VerifiedEntry[], own: VerifiedEntry[]): VerifiedEntry[] | null {
  if (shared.length === 0) return own;
  if (own.length === 0) return shared;
  const merged: VerifiedEntry[] = [];
  let i = 0;
  let j = 0;
  while (i < shared.length && j < own.length) {
    if (shared[i]!.sequence === own[j]!.sequence) return null;
    merged.push(shared[i]!.sequence < own[j]!.sequence ? shared[i++]! : own[j++]!);
  }
  while (i < shared.length) merged.push(shared[i++]!);
  while (j < own.length) merged.push(own[j++]!);
  return merged;
}
