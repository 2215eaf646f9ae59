// A database is restored to a point in time: what was lost is declared, nobody leads before that, and executors that are
// ahead halt with evidence until an operator orders them back (I6, I8, I11).
import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesToHex, entryBody, EntryKind, type Restore, SignedRestore } from '#libs/protocol';
import {
  devnetKeys,
  type EarlierLog,
  type HistoryLog,
  type NatsServer,
  Network,
  type PostgresServer,
  PROJECT_ROOT,
  readLogFrom,
  startNats,
  startPostgres,
  waitFor,
} from '#libs/testkit';
import { expectHolds, takeHistory } from './fixtures/history.js';
import {
  archiveAll,
  archiveSettings,
  baseBackup,
  makeArchive,
  recoverySettings,
  restorePoint,
} from './fixtures/point-in-time.js';
import { testDirectory } from './fixtures/test-directory.js';
import { DOLLAR, ETHER, type Listed, World } from './fixtures/world.js';

const directory = testDirectory('restore');
const archive = join(directory.path, 'archive');
const firstDir = join(directory.path, 'postgres');
const backupDir = join(directory.path, 'backup');
const secondDir = join(directory.path, 'second-backup');
const run = promisify(execFile);

let postgres: PostgresServer;
let nats: NatsServer;
let network: Network;
let world: World;
let series: Listed;

beforeAll(async () => {
  postgres = await startPostgres({ dataDir: firstDir, settings: archiveSettings(archive) });
  makeArchive(archive, postgres.dataDir);
  nats = await startNats();
  network = await Network.start({
    dataDir: directory.path,
    databaseUrl: postgres.url,
    natsUrl: nats.url,
    replicas: true,
    sequencers: 2,
  });
  world = await World.enter(network);
  await world.setPrice(2_500n * DOLLAR);
  series = await world.list([0, 1, 1, 2]);
  expect(await world.write(series, 100n * ETHER)).toBe('committed');
});
afterAll(async () => {
  await world?.close();
  await network?.stop();
  await nats?.stop();
  await postgres?.stop();
  directory.remove();
});

/** The project's CLI, as an operator runs it. */
const lockstep = (...args: string[]): Promise<{ code: number; output: string }> =>
  lockstepAs(devnetKeys.registry(), ...args);

async function lockstepAs(key: Uint8Array, ...args: string[]): Promise<{ code: number; output: string }> {
  const { natsUrl, rpcUrl, databaseUrl } = network;
  const urls = { NATS_URL: natsUrl, LOCKSTEP_RPC_URL: rpcUrl, DATABASE_URL: databaseUrl };
  const env = { ...process.env, ...urls, REGISTRY_KEY: bytesToHex(key) };
  const cli = join(PROJECT_ROOT, 'dist', 'apps', 'cli', 'src', 'main.js');
  try {
    const { stdout, stderr } = await run(process.execPath, [cli, ...args], { env });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const executorState = async (chainId: number): Promise<string> => {
  const { state, halted } = await network.read<{ state: string; halted?: { code: string } }>(
    chainId,
    'lockstep_executorStatus',
    [],
  );
  return halted ? `${state} by ${halted.code}` : state;
};

const logOf = (index: number): string => readFileSync(join(directory.path, `sequencer-${index}.log`), 'utf8');
const leaders = async (): Promise<number[]> => {
  const answers = await Promise.all([0, 1].map(async (index) => (await network.readiness(index))?.isLeading === true));
  return [0, 1].filter((index) => answers[index]);
};

/**
 * Puts a copy of the backup, recovered to the point named, in the place of the server, which is lost with what it has
 * since. One sequencer dies with it, the other runs on as a stand-by.
 * @returns the lost log and the one that is kept, which nobody leads
 */
async function restoreServer(dataDir: string): Promise<{ lost: HistoryLog; kept: HistoryLog }> {
  const lost = await readLogFrom(network.databaseUrl);
  await network.waitForHeight(lost.blocks.length);
  await world.close(); // its followers would end at the fork, as the executors do
  const { port } = postgres;
  await postgres.stop();
  network.sequencers[0]!.kill('SIGKILL');
  const said = [0, 1].map((index) => logOf(index).length);
  postgres = await startPostgres({ dataDir, port, settings: recoverySettings(dataDir, archive, 'kept') });
  void network.startSequencer(0).catch(() => undefined); // it gives up waiting before we are done
  for (const index of [0, 1]) {
    const refuses = (): boolean => logOf(index).slice(said[index]).includes('was restored from a backup');
    await waitFor(`sequencer ${index} to refuse to lead`, refuses, 60_000);
  }
  expect(await leaders()).toEqual([]);
  const kept = await readLogFrom(network.databaseUrl);
  expect(kept.blocks.length).toBeLessThan(lost.blocks.length);
  return { lost, kept };
}

/** Declares the restore, and waits for the leader that it lets in. */
async function declare(epochAbove: number): Promise<void> {
  const foreign = await lockstepAs(devnetKeys.price(), 'restore', '--epoch-above', String(epochAbove));
  expect(foreign.code).not.toBe(0);
  expect(foreign.output).toContain('the registry key in force after the last kept block is');
  expect(await lockstep('restore', '--epoch-above', String(epochAbove))).toMatchObject({ code: 0 });
  let leading: number[] = [];
  await waitFor('a leader', async () => (leading = await leaders()).length === 1, 60_000);
  const { status, epoch } = (await network.readiness(leading[0]!))!;
  expect(status).toBe('ready');
  // The stand-by may have taken over from the first of them already; none is of the lost branch.
  expect(epoch).toBeGreaterThan(epochAbove);
}

async function rewindAll(kept: HistoryLog, lost: HistoryLog): Promise<void> {
  for (const chainId of network.chainIds) {
    const isIn = (state: string) => async (): Promise<boolean> =>
      (await executorState(chainId).catch(() => '')) === state;
    await waitFor(`executor ${chainId} to halt`, isIn('halted by FORK'), 30_000);
    const ahead = await lockstep('executor', 'rewind', String(chainId), '--to', String(lost.blocks.length - 1));
    expect(ahead).toMatchObject({ code: 1 });
    expect(ahead.output).toContain(`the newest in common is ${kept.blocks.length}`);
    const rewound = await lockstep('executor', 'rewind', String(chainId), '--to', String(kept.blocks.length));
    expect(rewound).toMatchObject({ code: 0 });
    await waitFor(`executor ${chainId} to follow`, isIn('following'), 30_000);
  }
}

const HOLDS = ['I1', 'I2', 'I3', 'I6', 'I11', 'I12', 'I13', 'I15', 'I16', 'I17', 'I19', 'I20'] as const;
const earlierOf = (name: string, { blocks }: HistoryLog): EarlierLog => ({
  name,
  hashes: blocks.map(({ hash }) => bytesToHex(hash)),
});
/** The restores that a log declares, with the block in which each stands. */
const restoresOf = ({ entries }: HistoryLog): [block: number, restore: Restore][] =>
  entries
    .filter(({ kind }) => kind === EntryKind.RESTORE)
    .map(({ blockNumber, bytes }) => [blockNumber, SignedRestore.deserialize(entryBody(bytes)).restore]);
const epochOf = ({ blocks }: HistoryLog): number => blocks.at(-1)!.header.epoch;

let earlier: EarlierLog[] = [];
let firstEpochAbove: number;

test('a restored database is led only after its restore was declared, and executors rewind by order', async () => {
  await baseBackup(network.databaseUrl, postgres.dataDir, backupDir);
  cpSync(backupDir, secondDir, { recursive: true });
  expect(await world.exercise(series, 10n * ETHER)).toBe('committed');
  await restorePoint(network.databaseUrl, 'kept');
  expect(await world.exercise(series, 20n * ETHER)).toBe('committed');
  await archiveAll(network.databaseUrl);

  const { lost, kept } = await restoreServer(backupDir);
  firstEpochAbove = epochOf(lost) + 5;
  await declare(firstEpochAbove);
  await rewindAll(kept, lost);

  world = await World.enter(network);
  expect(await world.exercise(series, 30n * ETHER)).toBe('committed');
  earlier = [earlierOf('the lost log', lost)];
  const history = await takeHistory(world, earlier);
  expectHolds(history, HOLDS);
  expect(restoresOf(history.log)).toMatchObject([
    [kept.blocks.length + 1, { lastBlock: kept.blocks.length, epochAbove: firstEpochAbove }],
  ]);
  expect(history.log.blocks.length).toBeGreaterThan(lost.blocks.length - 10);
}, 240_000);

test('a second restore that loses the first one is declared again, and none of both branches comes back', async () => {
  const { lost, kept } = await restoreServer(secondDir);
  expect(restoresOf(lost)).toHaveLength(1);
  expect(restoresOf(kept)).toEqual([]);
  const epochAbove = epochOf(lost);
  expect(epochAbove).toBeGreaterThan(firstEpochAbove);
  await declare(epochAbove);
  await rewindAll(kept, lost);

  world = await World.enter(network);
  expect(await world.exercise(series, 40n * ETHER)).toBe('committed');
  earlier.push(earlierOf('the log of the first restore', lost));
  const history = await takeHistory(world, earlier);
  expectHolds(history, HOLDS);
  expect(restoresOf(history.log)).toMatchObject([
    [kept.blocks.length + 1, { lastBlock: kept.blocks.length, epochAbove }],
  ]);
  for (const { header } of history.log.blocks.slice(kept.blocks.length)) {
    expect(header.epoch).toBeGreaterThan(epochAbove);
  }
}, 240_000);
