import type { VerifiedBlock } from '#libs/executor-sdk';
import { bytesToHex, isShared } from '#libs/protocol';
import type { HandedBlock } from './history.js';

/** A block as `libs/executor-sdk` hands it to its user, for a follower's history. */
export function handedBlock({ header, hash, entries, laneSequences }: VerifiedBlock): HandedBlock {
  const shared = entries.filter(({ kind }) => isShared(kind)).length;
  return {
    number: header.number,
    hash: bytesToHex(hash),
    firstLaneSequences: {
      own: laneSequences.own - BigInt(entries.length - shared) + 1n,
      shared: laneSequences.shared - BigInt(shared) + 1n,
    },
    entries: entries.map(({ sequence, id }) => ({ sequence, id: bytesToHex(id) })),
  };
}
