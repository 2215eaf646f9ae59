// `npm start -- --once` as a user meets it: what it prints, what it leaves behind, and how it ends when it is disturbed.
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { freePort, isProcessAlive, startNats, startPostgres, waitFor } from '#libs/testkit';
import { DevnetRun, processesOf, systemProcesses } from './fixtures/devnet-run.js';
import { testDirectory } from './fixtures/test-directory.js';

const RUN_MS_MAX = 120_000;

const directory = testDirectory('devnet');
const dataDir = join(directory.path, 'data');
afterAll(() => directory.remove());

interface Summary {
  ordered: number;
  committed: number;
  aborted: number;
  abort_reasons: Record<string, number>;
  invariants: Record<string, boolean>;
  submit_to_feed_ms: { p50: number; p99: number };
  exercise_ms: { p50: number; p99: number };
}

/** Starts a devnet that ends with the test, whatever becomes of it. */
function start(env: Record<string, string>): DevnetRun {
  const run = new DevnetRun(env);
  onTestFinished(() => run.kill('SIGTERM'));
  return run;
}

async function listening(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return server;
}

/** Signals a run and waits for its end. A process that does not stop when asked to is killed after ten seconds. */
async function interrupt(run: DevnetRun, signal: NodeJS.Signals): Promise<void> {
  const sentAtMs = performance.now();
  run.kill(signal);
  expect(await run.exited).toBe(1);
  expect(performance.now() - sentAtMs).toBeLessThan(10_000);
}

/** Nothing of a run that has ended is left: none of the processes it had, and none that uses its directory. */
async function expectNoOrphans(pids: readonly number[], dir: string): Promise<void> {
  expect(pids.length).toBeGreaterThan(0);
  const left = (): unknown[] => [...systemProcesses().filter(({ pid }) => pids.includes(pid)), ...processesOf(dir)];
  // The watchdog outlives its parent by a moment.
  await waitFor('the last process to end', () => left().length === 0, 3_000).catch(() => expect(left()).toEqual([]));
}

const pidsOf = (run: DevnetRun): number[] => run.descendants().map(({ pid }) => pid);

/** A passed run's summary: the last line, and nothing on the other stream. */
async function passedSummary(run: DevnetRun): Promise<Summary> {
  expect(await run.exited, run.stdout + run.stderr).toBe(0);
  expect(run.stderr).toBe('');
  const summary = JSON.parse(run.lastLine()) as Summary;
  const times = { p50: expect.any(Number) as number, p99: expect.any(Number) as number };
  expect(summary).toEqual({
    ordered: expect.any(Number) as number,
    committed: expect.any(Number) as number,
    aborted: 2,
    abort_reasons: { insufficient_position: 1, expired: 1 },
    invariants: expect.any(Object) as Record<string, boolean>,
    submit_to_feed_ms: times,
    exercise_ms: times,
  });
  const checked = [1, 2, 5, 12, 13, 16, 17, 18, 19, 20, 21, 22].map((number) => [`I${number}`, true] as const);
  expect(summary.invariants).toMatchObject(Object.fromEntries(checked));
  expect(Object.values(summary.invariants)).not.toContain(false);
  expect(summary.ordered).toBeGreaterThan(3_000);
  expect(summary.committed).toBeGreaterThan(8);
  for (const { p50, p99 } of [summary.submit_to_feed_ms, summary.exercise_ms]) {
    expect(p50).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
  }
  return summary;
}

test(
  'it passes, twice on the same data; another one meanwhile is refused by name and harms nothing',
  async () => {
    const first = start({ LOCKSTEP_DATA_DIR: dataDir });
    await first.until('What runs where', 60_000);
    const pids = pidsOf(first);

    const second = start({ LOCKSTEP_DATA_DIR: dataDir });
    expect(await second.exited).toBe(1);
    expect(second.stderr).toContain(`The data directory ${dataDir} is in use by process ${first.pid}.`);
    expect(second.stderr).toContain('set LOCKSTEP_DATA_DIR to another directory');

    const port = await freePort();
    await listening(port);
    const elsewhere = join(directory.path, 'port-taken');
    const third = start({ LOCKSTEP_DATA_DIR: elsewhere, RPC_PORT: String(port) });
    expect(await third.exited).toBe(1);
    expect(third.stderr).toContain(`Port ${port} on 127.0.0.1 is in use by another program.`);
    expect(third.stderr).toContain('set RPC_PORT to a free port');
    expect(processesOf(elsewhere)).toEqual([]);
    for (const run of [second, third]) {
      expect(JSON.parse(run.lastLine())).toMatchObject({ ordered: 0, committed: 0, invariants: { I1: false } });
    }

    const { ordered } = await passedSummary(first);
    await expectNoOrphans(pids, dataDir);

    const again = start({ LOCKSTEP_DATA_DIR: dataDir });
    expect((await passedSummary(again)).ordered).toBeGreaterThan(2 * ordered * 0.9);
    await expectNoOrphans(pids, dataDir);
  },
  2 * RUN_MS_MAX,
);

test('SIGINT while the network starts stops it all the same', async () => {
  const own = join(directory.path, 'stopped-early');
  const run = start({ LOCKSTEP_DATA_DIR: own });
  await run.until('Lockstep devnet', 30_000);
  await waitFor('a process of it', () => pidsOf(run).length > 0, 30_000);
  run.kill('SIGINT');
  expect(await run.exited).toBe(1);
  expect(run.stdout).not.toContain('(a) exercise');
  expect(processesOf(own)).toEqual([]);
});

test('SIGINT in the middle of the scenario stops everything, and the data can be used again', async () => {
  const own = join(directory.path, 'interrupted');
  const run = start({ LOCKSTEP_DATA_DIR: own });
  await run.until('(a) exercise', 60_000);
  const pids = pidsOf(run);
  expect(pids.length).toBeGreaterThanOrEqual(6); // two servers, a sequencer, three executors
  await interrupt(run, 'SIGINT');
  await expectNoOrphans(pids, own);
  expect(JSON.parse(run.lastLine())).toMatchObject({ ordered: 0, invariants: { I1: false } });
  const postgres = await startPostgres({ dataDir: join(own, 'postgres') });
  await postgres.stop();
});

test('with DATABASE_URL and NATS_URL it embeds nothing, and SIGTERM leaves those servers alone', async () => {
  const postgres = await startPostgres({ dataDir: join(directory.path, 'postgres') });
  onTestFinished(() => postgres.stop());
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const own = join(directory.path, 'external');
  const run = start({ LOCKSTEP_DATA_DIR: own, DATABASE_URL: postgres.url, NATS_URL: nats.url });
  await run.until('(a) exercise', 60_000);
  const descendants = run.descendants();
  expect(descendants.filter(({ commandLine }) => /nats-server|postgres -D|pgdata/.test(commandLine))).toEqual([]);
  expect(existsSync(join(own, 'postgres'))).toBe(false);
  await interrupt(run, 'SIGTERM');
  await expectNoOrphans(
    descendants.map(({ pid }) => pid),
    own,
  );
  expect([postgres.pid, nats.pid].map((pid) => isProcessAlive(pid))).toEqual([true, true]);
});
