// Shows one epoch of leading on a real Postgres: it appends, counts votes, leaves no connection behind, and ends when
// another epoch has been taken.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { recoverAddress } from '#libs/crypto';
import { testGenesis, testSigner } from '#libs/executor-sdk';
import { createDataSource, LogReader, Leadership, migrate } from '#libs/persistence';
import { logId } from '#libs/protocol';
import { type PostgresServer, startPostgres, waitFor } from '#libs/testkit';
import { IntakeQueue } from './intake-queue.js';
import { LeaderTerm } from './leader-term.js';
import { LogState } from './log-state.js';
import { SilentLogger } from './testing/silent-logger.js';
import { word } from './testing/world.js';

const genesis = { ...testGenesis(), startTimeMs: Date.now() };
const signer = testSigner('sequencer');
const WAIT_MS = 20_000;

let directory: string;
let postgres: PostgresServer;
let dataSource: Awaited<ReturnType<typeof createDataSource>>;
let leadership: Leadership;
let term: LeaderTerm;
let running: Promise<string>;
let numbers: number[];
let sliceCounts: number[];
let writes: boolean[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lockstep-term-'));
  chmodSync(directory, 0o755);
  postgres = await startPostgres({ dataDir: directory });
  await migrate(postgres.url);
  dataSource = await createDataSource(postgres.url, { poolSize: 2 });
  leadership = new Leadership(dataSource);
  await new LogReader(dataSource).insertGenesis(genesis);
});
afterAll(async () => {
  await dataSource?.destroy();
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  [numbers, sliceCounts, writes] = [[], [], []];
  const { epoch } = (await leadership.take('test', 'http://test', 60_000))!;
  const options = { epoch, databaseUrl: postgres.url, candidatesMax: 100, stepDownMs: 6_000 };
  const state = new LogState(genesis, recoverAddress);
  const reader = new LogReader(dataSource);
  const head = (await reader.head())!;
  state.tip = { ...state.tip, number: head.number, hash: head.hash, timestampMs: head.timestampMs };
  term = await LeaderTerm.begin(options, state, {
    queue: new IntakeQueue(10, () => term.wake()),
    ...{ signer, logger: new SilentLogger().port, roots: () => [] },
    onBlock: ({ header }, slices) => {
      numbers.push(header.number);
      sliceCounts.push(slices.length);
    },
    onWrite: (ok) => writes.push(ok),
  });
  running = term.run();
});
afterEach(async () => {
  term.stop();
  await running;
  await leadership.release((await leadership.current()).epoch);
});

const connections = async (): Promise<number> =>
  (await dataSource.query<unknown[]>("SELECT FROM pg_stat_activity WHERE application_name = 'lockstep log writer'"))
    .length;

test('it appends heartbeats with a slice for each rollup, until it is stopped, and closes its connection', async () => {
  await waitFor('two blocks', () => numbers.length >= 2, WAIT_MS);
  expect(await connections()).toBe(1);
  term.stop();
  expect(await running).toBe('stopped');
  expect(numbers).toEqual(numbers.map((_, place) => numbers[0]! + place));
  expect(new Set(sliceCounts)).toEqual(new Set([genesis.registry.rollups.length]));
  expect(new Set(writes)).toEqual(new Set([true]));
  expect(Math.abs(term.logTimeOffsetMs())).toBeLessThan(1_000);
  await waitFor('its connection to be closed', async () => (await connections()) === 0, WAIT_MS);
});

test('it ends when another epoch has been taken, and appends nothing more', async () => {
  await waitFor('a block', () => numbers.length > 0, WAIT_MS);
  await leadership.release(term.epoch);
  const next = await leadership.take('another', 'http://another', 60_000);
  expect(next?.epoch).toBe(term.epoch + 1);
  expect(await running).toBe('lost_leadership');
  const newest = (await new LogReader(dataSource).head())!.number;
  expect(numbers.at(-1)).toBe(newest);
});

test('a vote for nothing that is undecided is told as such', () => {
  const { chainId } = genesis.registry.rollups[0]!;
  const vote = {
    ...{ logId: logId(genesis), prepareBlockHash: word(1), operationId: word(2), prepareId: word(3), chainId },
    ...{ yes: true, reason: 0, laneSequence: 0n, sharedLaneSequence: 1n, stateRoot: word(4), clock: [] },
  };
  expect(term.receiveVote({ vote, signature: new Uint8Array(65) })).not.toMatchObject({ status: 'counted' });
});
