import type { BlockRow, LoggedEntry } from '#libs/persistence';
import { type Genesis, logId } from '#libs/protocol';
import type { AuditedBlock, AuditSource } from '../source/audit-source.js';

/** A log in memory, with the columns that a database would store beside it. */
export interface MemoryLog {
  genesis: Genesis;
  storedLogId: Uint8Array;
  blocks: AuditedBlock[];
}

/** A log as a source gives it; the blocks may be changed afterwards. */
export function memoryLog(genesis: Genesis, blocks: readonly BlockRow[], entries: readonly LoggedEntry[]): MemoryLog {
  const byBlock = new Map<number, LoggedEntry[]>(blocks.map(({ number }) => [number, []]));
  for (const entry of entries) byBlock.get(entry.blockNumber)!.push(entry);
  return {
    genesis,
    storedLogId: logId(genesis),
    blocks: blocks.map(({ number, header, hash, signature, lanes }) => ({
      number,
      header,
      signature,
      lanes: lanes.map((lane) => ({ ...lane, proof: null })),
      entries: byBlock.get(number)!.map(({ sequence, lane, laneSequence, sender, bytes, ...stored }) => {
        return { sequence, lane, laneSequence, sender, bytes, stored };
      }),
      stored: {
        hash,
        epoch: header.epoch,
        timestampMs: header.timestamp,
        firstSequence: header.firstSequence,
        entryCount: header.entryCount,
      },
      faults: [],
    })),
  };
}

/** Gives a log in memory as if it were read. */
export const memorySource = ({ genesis, storedLogId, blocks }: MemoryLog): AuditSource => ({
  genesis: () => Promise.resolve({ genesis, storedLogId }),
  head: () => Promise.resolve(blocks.at(-1)?.number ?? 0),
  async *blocks(last) {
    for (const block of blocks) if (block.number <= last) yield Promise.resolve(block);
  },
});
