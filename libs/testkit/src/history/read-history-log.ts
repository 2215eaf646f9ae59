import type { BlockRow, LoggedEntry, LogReader } from '#libs/persistence';
import type { HistoryLog } from './history.js';

const BLOCKS_PAGE = 1_000;
const ENTRIES_PAGE = 5_000;

/** What is read from: {@link LogReader}. */
export type HistoryReader = Pick<LogReader, 'head' | 'genesis' | 'blocks' | 'entriesFrom'>;

/**
 * Reads the whole log up to the head of this moment, in pages.
 * @throws Error when the log has not begun
 */
export async function readHistoryLog(reader: HistoryReader): Promise<HistoryLog> {
  const [head, genesis] = [await reader.head(), await reader.genesis()];
  if (!head || !genesis) throw new Error('the log has no genesis yet');
  const blocks: BlockRow[] = [];
  for (let from = 1; from <= head.number; from += BLOCKS_PAGE) {
    const to = Math.min(head.number, from + BLOCKS_PAGE - 1);
    for (const block of await reader.blocks(from, to)) blocks.push(block);
  }
  const entries: LoggedEntry[] = [];
  for (let from = 1n; from <= head.lastSequence; from += BigInt(ENTRIES_PAGE)) {
    const left = Number(head.lastSequence - from) + 1;
    for (const entry of await reader.entriesFrom(from, Math.min(ENTRIES_PAGE, left))) entries.push(entry);
  }
  return { genesis, blocks, entries };
}
