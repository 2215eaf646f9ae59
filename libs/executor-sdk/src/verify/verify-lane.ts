import {
  entryId,
  EntryKind,
  entryLeaf,
  equalBytes,
  type Header,
  isShared,
  laneRoot,
  type LaneSlice,
  NO_SENDER,
  type SliceEntry,
  verifyLaneProof,
} from '#libs/protocol';
import { type LaneName } from './slice-error.js';
import { type VerifiedEntry } from './verified-block.js';
import { type Fail } from './verify-header.js';

/** What is known of a lane before its slice is read. */
export interface ExpectedLane {
  name: LaneName;
  /** Whose lane it is; 0 for the shared one. */
  chainId: number;
  /** Its place under the header's `lanesRoot`. */
  index: number;
  firstLaneSequence: bigint;
}

/** Checks one lane against the header and gives its entries with their ids. */
export function verifyLane(lane: LaneSlice, expected: ExpectedLane, header: Header, fail: Fail): VerifiedEntry[] {
  const { number } = header;
  const { name } = expected;
  if (lane.chainId !== expected.chainId) {
    const [want, got] = [expected.chainId, lane.chainId];
    fail(
      { code: 'LANE_OWNER', number, lane: name, expected: want, got },
      `Its ${name} lane is that of ${got}, not ${want}.`,
    );
  }
  if (lane.index !== expected.index) {
    const [want, got] = [expected.index, lane.index];
    fail(
      { code: 'LANE_INDEX', number, lane: name, expected: want, got },
      `The ${name} lane stands at ${got}, not ${want}.`,
    );
  }
  const entries = lane.entries.map((entry) => readEntry(entry, name, number, fail));
  const leaves = entries.map(({ sequence, id, sender }) => entryLeaf(sequence, id, sender));
  const root = laneRoot({ chainId: lane.chainId, firstLaneSequence: lane.firstLaneSequence, leaves });
  if (!verifyLaneProof(root, lane.index, lane.proof, header.lanesRoot)) {
    fail(
      { code: 'LANE_PROOF', number, lane: name },
      `The header of block ${number} does not commit to the ${name} lane.`,
    );
  }
  // What follows is the leader's own word: its signature covers it.
  if (lane.firstLaneSequence !== expected.firstLaneSequence) {
    const [want, got] = [expected.firstLaneSequence, lane.firstLaneSequence];
    fail(
      { code: 'LANE_SEQUENCE', number, lane: name, expected: want, got },
      `The ${name} lane goes on at ${got} instead of ${want} in block ${number}.`,
    );
  }
  verifySequences(entries, name, header, fail);
  return entries;
}

function readEntry({ sequence, sender, bytes }: SliceEntry, lane: LaneName, number: number, fail: Fail): VerifiedEntry {
  const kind = (bytes[0] ?? null) as EntryKind | null;
  if (kind === null || EntryKind[kind] === undefined || isShared(kind) !== (lane === 'shared')) {
    const what = kind === null ? 'an empty entry' : (EntryKind[kind] ?? `an entry of unknown kind ${kind}`);
    fail({ code: 'ENTRY_KIND', number, lane, sequence, kind }, `Entry ${sequence} in the ${lane} lane is ${what}.`);
  }
  if (equalBytes(sender, NO_SENDER) !== (kind !== EntryKind.TRANSACTION)) {
    fail(
      { code: 'ENTRY_SENDER', number, sequence },
      `Entry ${sequence} has a sender and is no transaction, or the reverse.`,
    );
  }
  return { sequence, sender, bytes, kind, id: entryId(bytes) };
}

function verifySequences(entries: VerifiedEntry[], lane: LaneName, header: Header, fail: Fail): void {
  const end = header.firstSequence + BigInt(header.entryCount);
  let least = header.firstSequence;
  for (const { sequence } of entries) {
    if (sequence < least || sequence >= end) {
      fail(
        { code: 'ENTRY_SEQUENCE', number: header.number, lane, sequence },
        `Entry ${sequence} of the ${lane} lane is out of order or outside block ${header.number}.`,
      );
    }
    least = sequence + 1n;
  }
}
