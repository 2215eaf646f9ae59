// Shows that a running network's whole log passes the audit, by Postgres, by HTTP and by NATS, that a change in the
// database makes the audit fail, and that a certificate and a preconfirmation are checked with two files and nothing else.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Network } from '#libs/testkit';
import { hexToBytes, type Hex } from '#libs/protocol';
import { runCli } from './fixtures/run-cli.js';
import { testDirectory } from './fixtures/test-directory.js';
import { DOLLAR, ETHER, World } from './fixtures/world.js';

// Each command is a process of its own, and a busy machine takes seconds to start one.
vi.setConfig({ testTimeout: 240_000 });

const directory = testDirectory('audit');
let network: Network;
let world: World;
let exercised: Hex;
let transaction: Hex;

beforeAll(async () => {
  network = await Network.start({ dataDir: directory.path, replicas: true, sequencers: 2 });
  world = await World.enter(network);
  await world.setPrice(2_500n * DOLLAR);
  const series = await world.list([0, 0, 1, 2]);
  expect(await world.write(series, 5n * ETHER)).toBe('committed');
  const intent = world.exerciseIntent(series, ETHER);
  exercised = (await world.submit('ExerciseIntent', series, intent, [world.accounts[1]!])).id;
  expect(await world.settled(exercised)).toBe('committed');
  // Position and collateral are on two rollups: whichever says no first.
  expect(await world.exercise(series, 50n * ETHER)).toMatch(/^insufficient_(position|collateral)$/);
  const [rollup] = network.chainIds;
  const { wallet, chain } = world.viem(rollup!);
  const account = world.accounts[2]!;
  transaction = await wallet.sendTransaction({ chain, account, to: account.address, value: 1n });
  await world.admin.setPaused(rollup!, true);
  await world.admin.setPaused(rollup!, false);
  await abortOne();
});
afterAll(async () => {
  await world?.close();
  await network?.stop();
  directory.remove();
});

/** An operator aborts an operation of which one executor says nothing. */
async function abortOne(): Promise<void> {
  const series = await world.list([0, 1, 1, 2]);
  const settlement = network.chainIds[2]!;
  network.executors.get(settlement)!.pause();
  try {
    const signers = world.accounts.slice(0, 2);
    const intent = world.writeIntent(series, ETHER, { premium: 1n });
    const { id } = await world.submit('WriteIntent', series, intent, signers);
    await world.admin.abortOperation(hexToBytes(id));
  } finally {
    network.executors.get(settlement)!.resume();
  }
}

/** Runs the CLI with these settings and no others of ours. */
const cli = (args: string[], env: Record<string, string> = {}, cwd = directory.path) => runCli(cwd, args, env);

test('the audit finds no problem by Postgres, with every state root compared', async () => {
  const json = join(directory.path, 'report.json');
  const { code, output } = await cli(['audit', '--json', json], { DATABASE_URL: network.databaseUrl });
  expect(output).toContain('no problems');
  expect(code).toBe(0);
  const report = JSON.parse(readFileSync(json, 'utf8')) as Record<string, unknown> & {
    stateRoots: { stated: number; compared: number };
  };
  expect(report).toMatchObject({ ok: true, executed: true, problems: [], operations: 4, decisions: 4 });
  expect(report.stateRoots.stated).toBeGreaterThan(0);
  expect(report.stateRoots.compared).toBe(report.stateRoots.stated);
});

test('the audit finds no problem in the feed, by HTTP from a stand-by and by NATS', async () => {
  const http = await cli(['audit', '--feed', network.sequencerUrl(1)]);
  expect(http.output).toContain('no problems');
  expect(http.code).toBe(0);
  const env = { LOCKSTEP_CHAIN_ID: String(network.chainIds[0]) };
  const nats = await cli(['audit', '--no-execute', '--feed', network.natsUrl], env);
  expect(nats.output).toContain('no problems');
});

test('a certificate and a preconfirmation of a stand-by are checked in an empty directory, with two files only', async () => {
  const rpc = ['--rpc', network.sequencerUrl(1)];
  const empty = join(directory.path, 'elsewhere');
  mkdirSync(empty);
  for (const args of [
    ['certificate', 'export', exercised, '--out', 'certificate.json'],
    ['preconfirmation', 'export', transaction, '--out', 'preconfirmation.json'],
    ['registry', 'export', '--out', 'registry.json'],
  ]) {
    expect(await cli([...args, ...rpc])).toMatchObject({ code: 0 });
  }
  for (const name of ['certificate', 'preconfirmation', 'registry']) {
    copyFileSync(join(directory.path, `${name}.json`), join(empty, `${name}.json`));
  }
  const check = (what: string, file = `${what}.json`) =>
    cli([what, 'check', file, '--registry', 'registry.json'], {}, empty);
  const certificate = await check('certificate');
  expect(certificate.output).toContain(`The certificate holds: exercise ${exercised} is committed.`);
  expect(certificate.code).toBe(0);
  const preconfirmation = await check('preconfirmation');
  expect(preconfirmation.output).toContain(`The preconfirmation holds: transaction ${transaction}`);
  expect(preconfirmation.code).toBe(0);

  const text = readFileSync(join(empty, 'certificate.json'), 'utf8');
  const changed = text.replace(/.{10}"}\s*$/, 'ffffffffff"}');
  writeFileSync(join(empty, 'changed.json'), changed);
  const refused = await check('certificate', 'changed.json');
  expect(refused.output).toContain('error:');
  expect(refused.code).toBe(1);
  const unknown = await cli(['certificate', 'export', transaction, ...rpc]);
  expect(unknown.output).toContain('no decided operation');
  expect(unknown.code).toBe(1);
});

test('a sender that was changed in the database makes the audit fail and say where', async () => {
  const client = new pg.Client(network.databaseUrl);
  await client.connect();
  try {
    await client.query(`DROP TRIGGER append_only ON lockstep.entries`);
    await client.query(
      `UPDATE lockstep.entries SET sender = decode(repeat('01', 20), 'hex') WHERE id = decode($1, 'hex')`,
      [transaction.slice(2)],
    );
  } finally {
    await client.end();
  }
  const { code, output } = await cli(['audit', '--database', network.databaseUrl]);
  expect(code).toBe(1);
  expect(output).toContain('I5 SENDER');
  expect(output).toContain(transaction);
});
