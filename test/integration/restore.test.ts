// A database is restored to a point in time: what was lost is declared, nobody leads before that, and executors that are
// ahead halt with evidence until an operator orders them back (I6, I8, I11).
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesToHex, entryBody, EntryKind, SignedRestore } from '#libs/protocol';
import {
  type EarlierLog,
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
async function lockstep(...args: string[]): Promise<{ code: number; output: string }> {
  const { natsUrl, rpcUrl, databaseUrl } = network;
  const env = { ...process.env, NATS_URL: natsUrl, LOCKSTEP_RPC_URL: rpcUrl, DATABASE_URL: databaseUrl };
  const cli = join(PROJECT_ROOT, 'dist', 'apps', 'cli', 'src', 'main.js');
  try {
    const { stdout, stderr } = await run(process.execPath, [cli, ...args, '--devnet'], { env });
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

test('a restored database is led only after its restore was declared, and executors rewind by order', async () => {
  await baseBackup(network.databaseUrl, postgres.dataDir, backupDir);
  expect(await world.exercise(series, 10n * ETHER)).toBe('committed');
  await restorePoint(network.databaseUrl, 'kept');
  expect(await world.exercise(series, 20n * ETHER)).toBe('committed');
  const lost = await readLogFrom(network.databaseUrl);
  const lostEpoch = lost.blocks.at(-1)!.header.epoch;
  await network.waitForHeight(lost.blocks.length);
  await archiveAll(network.databaseUrl);
  await world.close(); // its followers would end at the fork, as the executors do
  network.sequencers[0]!.kill('SIGKILL');
  const { port } = postgres;
  await postgres.stop();

  // The backup takes the place of the lost server.
  postgres = await startPostgres({
    dataDir: backupDir,
    port,
    settings: recoverySettings(backupDir, archive, 'kept'),
  });
  void network.startSequencer(0).catch(() => undefined); // it gives up waiting before we are done
  const logFile = join(directory.path, 'sequencer-0.log');
  await waitFor(
    'the refusal to lead',
    () => readFileSync(logFile, 'utf8').includes('was restored from a backup'),
    30_000,
  );
  const kept = await readLogFrom(network.databaseUrl);
  expect(kept.blocks.length).toBeLessThan(lost.blocks.length);

  const declared = await lockstep('restore', '--epoch-above', String(lostEpoch + 5));
  expect(declared).toMatchObject({ code: 0 });
  await waitFor('a leader', async () => (await network.readiness(0))?.isLeading === true, 60_000);
  expect(await network.readiness(0)).toMatchObject({ status: 'ready', epoch: lostEpoch + 6 });

  for (const chainId of network.chainIds) {
    await waitFor(
      `executor ${chainId} to halt`,
      async () => (await executorState(chainId).catch(() => '')) === 'halted by FORK',
      20_000,
    );
    const ahead = await lockstep('executor', 'rewind', String(chainId), '--to', String(lost.blocks.length - 1));
    expect(ahead).toMatchObject({ code: 1 });
    expect(ahead.output).toContain(`the newest in common is ${kept.blocks.length}`);
    const rewound = await lockstep('executor', 'rewind', String(chainId), '--to', String(kept.blocks.length));
    expect(rewound).toMatchObject({ code: 0 });
    await waitFor(
      `executor ${chainId} to follow`,
      async () => (await executorState(chainId).catch(() => '')) === 'following',
      30_000,
    );
  }

  world = await World.enter(network);
  expect(await world.exercise(series, 30n * ETHER)).toBe('committed');
  const earlier: EarlierLog[] = [{ name: 'the lost log', hashes: lost.blocks.map(({ hash }) => bytesToHex(hash)) }];
  const history = await takeHistory(world, earlier);
  expectHolds(history, ['I1', 'I2', 'I3', 'I6', 'I11', 'I12', 'I13', 'I15', 'I16', 'I17', 'I19', 'I20']);
  const restores = history.log.entries.filter(({ kind }) => kind === EntryKind.RESTORE);
  expect(restores.map(({ blockNumber }) => blockNumber)).toEqual([kept.blocks.length + 1]);
  const { restore } = SignedRestore.deserialize(entryBody(restores[0]!.bytes));
  expect(restore).toMatchObject({ lastBlock: kept.blocks.length, epochAbove: lostEpoch + 5 });
  expect(history.log.blocks.length).toBeGreaterThan(lost.blocks.length - 10);
}, 240_000);
