// Shows that what is said of an executor is of one status, however many come while the log is asked.
import { expect, test } from 'vitest';
import { bytesToHex, type Rollup } from '#libs/protocol';
import type { Database } from '../core/database.js';
import type { ExecutorStatus, ExecutorWatch } from '../network/executor-watch.js';
import type { LogView } from '../network/log-view.js';
import { ExecutorsService } from './executors.service.js';

const KEY = new Uint8Array(20).fill(1);
const rollup = { chainId: 1, votingKey: KEY, replicaKeys: [] as Uint8Array[] } as Rollup;
const view = { head: { number: 20, timestampMs: 20_000 } } as LogView;
const status = (number: number): ExecutorStatus =>
  ({ chainId: 1, key: bytesToHex(KEY), number, state: 'following' }) as ExecutorStatus;

/** @param statuses the newest at each look at the watch */
const service = (...statuses: ExecutorStatus[]): ExecutorsService => {
  const watch = {
    find: () => ({ status: statuses.length > 1 ? statuses.shift()! : statuses[0]!, seenAt: new Date() }),
    silentSince: () => null,
  };
  const database = {
    query: (sql: string, [numbers]: number[][]) =>
      Promise.resolve(
        sql.includes('lockstep.blocks')
          ? numbers!.map((number) => ({ number: String(number), timestamp_ms: String(number * 1_000) }))
          : [],
      ),
  };
  return new ExecutorsService(database as unknown as Database, view, watch as unknown as ExecutorWatch);
};

test('a status that comes while the log is asked leaves no executor without a lag', async () => {
  const [executor] = await service(status(15), status(19)).of([rollup]);
  expect(executor).toMatchObject({ block: 15, lag: { blocks: 5, ms: 5_000 }, health: 'lagging' });
});

test('a status of a block that was not read of the log yet is no lag', async () => {
  const [executor] = await service(status(21)).of([rollup]);
  expect(executor).toMatchObject({ block: 21, lag: { blocks: 0, ms: 0 }, health: 'healthy' });
});
