import type { RecoverAddress } from '#libs/atomic-commit';
import { type LogReader, readSharedLane, type SharedEntry } from '#libs/persistence';
import type { DataSource } from 'typeorm';
import { assertInvariant, type Genesis, SHARED_LANE } from '#libs/protocol';
import { LogState } from './log-state.js';

/** Entries of the shared lane that are read at a time. */
const PAGE_ENTRIES = 2000;

/**
 * Reads from the log what a leader remembers of it, when its epoch begins: the tip, and all that the shared lane did.
 * The caller has raised the epoch before, so nobody else appends meanwhile.
 */
export async function loadLogState(
  dataSource: DataSource,
  reader: LogReader,
  genesis: Genesis,
  recover: RecoverAddress,
): Promise<LogState> {
  const state = new LogState(genesis, recover);
  const head = await reader.head();
  assertInvariant(head !== undefined, 'I6: the log has a genesis and no head');
  const laneHeads = await reader.laneHeads();
  const sharedHead = laneHeads.get(SHARED_LANE) ?? 0n;
  let last = 0n;
  for (let limit = PAGE_ENTRIES; last < sharedHead;) {
    const page = await readSharedLane(dataSource, last, limit);
    const blocks = wholeBlocks(page, last + BigInt(page.length) < sharedHead);
    if (blocks.length === 0) limit *= 2;
    for (const block of blocks) {
      const [first] = block;
      if (!first) continue;
      state.apply(block, first.timestampMs, first.blockHash);
      last = block.at(-1)?.laneSequence ?? last;
    }
  }
  if (head.number > 0) {
    state.tip = {
      number: head.number,
      hash: head.hash,
      timestampMs: head.timestampMs,
      nextSequence: head.lastSequence + 1n,
      nextLaneSequences: new Map([...laneHeads].map(([chainId, sequence]) => [chainId, sequence + 1n])),
    };
  }
  return state;
}

/** Entries by their blocks; where more is to come the last block is left for the next page: it may go on there. */
function wholeBlocks(entries: readonly SharedEntry[], moreToCome: boolean): SharedEntry[][] {
  const blocks: SharedEntry[][] = [];
  for (const entry of entries) {
    const block = blocks.at(-1);
    if (block && block[0]?.blockNumber === entry.blockNumber) block.push(entry);
    else blocks.push([entry]);
  }
  return moreToCome ? blocks.slice(0, -1) : blocks;
}
