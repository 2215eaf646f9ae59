import { logLimit, logQueryParam } from '../params/log-query.js';
import type { CallContext, MethodTable } from './method.js';

/** Logs in one answer. */
const LOGS_MAX = 10_000;
/** Pages that one query may take of the executor. */
const PAGES_MAX = 32;

/** Methods that read what transactions wrote: EVM logs, which the rollup's executor keeps. */
export const logMethods: MethodTable = {
  eth_getLogs: { paramsMax: 1, run: getLogs },
};

/**
 * Logs of a range or of one block, oldest first. Polling by block numbers misses nothing: the executor answers only
 * once it has applied the last block of the range.
 */
async function getLogs({ backend, chainId, executor }: CallContext, [filter]: readonly unknown[]): Promise<unknown> {
  const query = await logQueryParam(filter, chainId, backend);
  const logs: unknown[] = [];
  let at = { block: query.from, logIndex: 0 };
  for (let page = 0; page < PAGES_MAX; page++) {
    const found = await executor.logs(query, at);
    logs.push(...found.logs);
    if (logs.length > LOGS_MAX) throw logLimit(`query returned more than ${LOGS_MAX} results: ask for fewer blocks`);
    if (!found.next) return logs;
    at = found.next;
  }
  throw logLimit(`query searches too many transactions: ask for blocks up to ${at.block - 1} first`);
}
