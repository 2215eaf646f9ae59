import { bytesToHex } from '#libs/protocol';
import type { Executor } from '../engine/executor.js';
import type { BlockReceipts } from '../store/receipt-record.js';
import { type LogFilter, logFilterParam, matchesLog } from './log-filter.js';
import { isObject, toQuantity, wholeNumberParam } from './params.js';
import { ReadError, ReadErrorCode } from './read-error.js';
import { logJson } from './receipt-json.js';

/** An answer ends after so many characters of logs: it has to fit into one NATS message. */
const PAGE_LENGTH_MAX = 512 * 1024;
/** Receipts that one answer looks through; about 0.2 s. */
const PAGE_RECEIPTS_MAX = 20_000;
/** Searches at a time: blocks must not wait for them. */
const SEARCHES_MAX = 4;

/** Where a search goes on: a block, and the place among its logs. */
interface LogPlace {
  block: number;
  logIndex: number;
}

/** Some of the logs of a range, oldest first. */
export interface LogPage {
  logs: Record<string, unknown>[];
  /** Null when the range was searched to its end. */
  next: LogPlace | null;
}

let searches = 0;

/**
 * Logs of a range of blocks, in pages: `[{from, to, fromLogIndex?, address?, topics?}]`, numbers of blocks, both ends
 * included. The sequencer makes `eth_getLogs` of it.
 *
 * It reads receipts block by block: blocks without transactions cost nothing. An index would have to be written for
 * every transaction, and nearly all of them write a `Transfer`.
 */
export async function getLogs({ store }: Executor, [params]: unknown[]): Promise<LogPage> {
  const { from, to, fromLogIndex, address, topics } = isObject(params) ? params : {};
  const filter = logFilterParam(address, topics);
  const range = {
    from: { block: blockParam(from, 'from'), logIndex: wholeNumberParam(fromLogIndex, 'fromLogIndex', 0, 2 ** 32) },
    to: blockParam(to, 'to'),
  };
  if (searches >= SEARCHES_MAX)
    throw new ReadError(ReadErrorCode.limitExceeded, 'too many searches for logs at a time');
  searches++;
  try {
    return await search(store.receiptsOfBlocks(range.from.block, range.to), range.from, filter);
  } finally {
    searches--;
  }
}

async function search(
  blocks: AsyncIterable<{ blockNumber: number; block: BlockReceipts }>,
  from: LogPlace,
  filter: LogFilter,
): Promise<LogPage> {
  const logs: Record<string, unknown>[] = [];
  let length = 0;
  let receipts = 0;
  for await (const { blockNumber, block } of blocks) {
    if (receipts >= PAGE_RECEIPTS_MAX) return { logs, next: { block: blockNumber, logIndex: 0 } };
    receipts += block.receipts.length;
    for (const log of logsOf(blockNumber, block)) {
      if (blockNumber === from.block && log.logIndex < from.logIndex) continue;
      if (!matchesLog(filter, log.log)) continue;
      const json = logJson(log.log, log.logIndex, log.place);
      length += JSON.stringify(json).length;
      if (length > PAGE_LENGTH_MAX && logs.length > 0) {
        return { logs, next: { block: blockNumber, logIndex: log.logIndex } };
      }
      logs.push(json);
    }
  }
  return { logs, next: null };
}

function* logsOf(blockNumber: number, { blockHash, receipts }: BlockReceipts) {
  let logIndex = 0;
  for (const [index, receipt] of receipts.entries()) {
    if (receipt.logs.length === 0) continue;
    const place = {
      blockHash: bytesToHex(blockHash),
      blockNumber: toQuantity(blockNumber),
      transactionHash: bytesToHex(receipt.hash),
      transactionIndex: toQuantity(index),
    };
    for (const log of receipt.logs) yield { log, place, logIndex: logIndex++ };
  }
}

function blockParam(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw ReadError.params(`${name} must be the number of a block`);
}
