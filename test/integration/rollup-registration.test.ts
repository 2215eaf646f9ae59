// Shows that a rollup joins a running network: it gets a lane, a feed, a JSON-RPC path and an executor that replays from
// genesis, takes part in operations that commit, and everything agrees on it afterwards.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { addressOfPrivateKey } from '#libs/crypto';
import { bytesToHex, type Hex, readSubject } from '#libs/protocol';
import {
  devnetKeys,
  FeedObserver,
  handedBlock,
  Network,
  readRegistry,
  statesAtOneHeight,
  waitFor,
} from '#libs/testkit';
import { expectHolds, takeHistory } from './fixtures/history.js';
import { runCli } from './fixtures/run-cli.js';
import { testDirectory } from './fixtures/test-directory.js';
import { DOLLAR, ETHER, type Listed, World } from './fixtures/world.js';

vi.setConfig({ testTimeout: 240_000 });

const NEW = 84_004;
const INDEX = 3;
const addressOf = (key: Uint8Array): Hex => bytesToHex(addressOfPrivateKey(key));
const [VOTING, REPLICA] = [addressOf(devnetKeys.executor(INDEX)), addressOf(devnetKeys.replica(INDEX))];

const directory = testDirectory('registration');
let network: Network;
let world: World;
let feed: FeedObserver | null = null;
let series: Listed;
let registeredIn: number;

beforeAll(async () => {
  network = await Network.start({ dataDir: directory.path, adminApi: true });
  world = await World.enter(network);
  await world.setPrice(2_500n * DOLLAR);
  // Something has happened before, on the shared lane too.
  const earlier = await world.list([0, 0, 1, 2]);
  expect(await world.write(earlier, ETHER)).toBe('committed');
});
afterAll(async () => {
  await feed?.stop();
  await world?.close();
  await network?.stop();
  directory.remove();
});

const register = (chainId: number, voting: string, ...more: string[]) =>
  runCli(directory.path, [
    ...['rollup', 'register', String(chainId), '--name', 'fourth', '--voting-key', voting, ...more, '--devnet'],
    ...['--rpc', network.rpcUrl, '--nats', network.natsUrl],
  ]);

/** What the new rollup's executors state of one height, once they are there. @param subjects where they answer reads */
const statesOf = async (...subjects: string[]) => {
  const executors = subjects.map((subject) => ({ name: subject, chainId: NEW, subject }));
  const options = { databaseUrl: network.databaseUrl, timeoutMs: 60_000 };
  return (await statesAtOneHeight(network.requests, executors, options)).states;
};

const balanceAt = (chainId: number, account: number): Promise<bigint> =>
  world.readMarket<bigint>(chainId, 'balanceOf', [world.eth, world.accounts[account]!.address]);

test('an executor of a rollup that is not registered ends with a clear error', async () => {
  const early = network.startExecutor(NEW, { EXECUTOR_KEY: bytesToHex(devnetKeys.executor(INDEX)) });
  await early.waitForLine(/The log has no rollup 84004/, 30_000);
  expect((await early.exited).code).not.toBe(0);
  network.executors.delete(NEW);
});

test('a rollup is registered once, with keys that have no other use', async () => {
  const done = await register(NEW, VOTING, '--replica-key', REPLICA);
  expect(done.output).toMatch(/rollup 84004 is registered, from block \d+ on/);
  registeredIn = Number(/from block (\d+)/.exec(done.output)![1]);
  expect((await register(NEW, addressOf(devnetKeys.executor(INDEX + 1)))).output).toContain(
    'has a rollup with chain id',
  );
  expect((await register(NEW + 1, VOTING)).output).toContain('has a use already');
  const { rollups } = await readRegistry(network.rollupUrl(NEW));
  expect(rollups.map(({ chainId }) => chainId)).toEqual([...network.chainIds, NEW]);
  network.registered.push(NEW);
});

test('its executor replays from genesis and follows; so does anyone who follows its feed from block 1', async () => {
  network.startExecutor(NEW);
  await network.waitForHeight(world.feed.height());
  feed = await FeedObserver.start(network.natsUrl, network.rpcUrl, world.logId, [NEW]);
  await waitFor('its feed', () => feed!.height() >= registeredIn, 20_000);
  expect(feed.blocks.get(NEW)![0]!.header.number).toBe(1);
  const [state] = await statesOf(readSubject(NEW));
  expect(state!.totals).toEqual(new Map());
});

test('it settles options that are written, exercised and paid out on it, and runs transactions', async () => {
  series = await world.list([0, 0, 1, INDEX]);
  expect(await world.write(series, 5n * ETHER)).toBe('committed');
  const intent = world.exerciseIntent(series, 2n * ETHER);
  const { id } = await world.submit('ExerciseIntent', series, intent, [world.accounts[1]!]);
  expect(await world.settled(id)).toBe('committed');
  expect((await world.operation(id))!.participants).toContain(NEW);
  // 2 ether of a call with strike 2,000 at 2,500.
  const payout = (2n * ETHER) / 5n;
  expect(await balanceAt(NEW, 1)).toBe(payout);

  const { wallet, reads, chain } = world.viem(NEW);
  const [account, to] = [world.accounts[1]!, world.accounts[2]!];
  const sentAtMs = performance.now();
  const hash = await wallet.sendTransaction({ chain, account, to: to.address, value: ETHER / 10n });
  const answeredAtMs = performance.now();
  world.attempts.all.push({
    kind: 'transaction',
    id: hash,
    chainId: NEW,
    sentAtMs,
    outcome: 'acknowledged',
    answeredAtMs,
  });
  expect(await reads.waitForTransactionReceipt({ hash })).toMatchObject({ status: 'success' });
  expect(await balanceAt(NEW, 2)).toBe(ETHER / 10n);
  expect((await reads.getBlock({ blockNumber: 1n })).transactions).toEqual([]);
  expect(await reads.getLogs({ fromBlock: 0n, toBlock: 'latest' })).not.toEqual([]);
});

test('the admin API lists it with its executor', async () => {
  const get = async (path: string) => (await fetch(`${network.adminUrl}/api/v1${path}`)).json();
  await waitFor(
    'its executor',
    async () => JSON.stringify(await get('/executors')).includes(VOTING.toLowerCase()),
    20_000,
  );
  expect(JSON.stringify(await get('/rollups'))).toContain('"name":"fourth"');
});

test('a second replay from 0 gives the same root, in a replica and in an executor that lost its store', async () => {
  network.startReplica(NEW);
  const executor = network.executors.get(NEW)!;
  await executor.stop();
  rmSync(join(directory.path, `executor-${NEW}`), { recursive: true });
  network.startExecutor(NEW);
  await network.waitForHeight(world.feed.height());
  const [first, second] = await statesOf(readSubject(NEW), `${readSubject(NEW)}.replica`);
  expect(first!.stateRoot).toBe(second!.stateRoot);
});

test('a sequencer that reads the log anew goes on with it', async () => {
  const [sequencer] = network.sequencers;
  sequencer!.kill('SIGKILL');
  await sequencer!.exited;
  await network.startSequencer();
  await waitFor(
    'an exercise after the restart',
    () =>
      world.exercise(series, ETHER).then(
        (outcome) => outcome === 'committed',
        () => false,
      ),
    60_000,
  );
});

test('every invariant holds over all four rollups, and the audit finds no problem in the database or the feed', async () => {
  const taken = await takeHistory(world);
  const head = taken.log.blocks.at(-1)!.header.number;
  await waitFor('its feed', () => feed!.height() >= head, 20_000);
  const blocks = feed!.blocks.get(NEW)!.filter(({ header }) => header.number <= head);
  const follower = { name: `follower ${NEW}`, chainId: NEW, from: 1, handed: blocks.map(handedBlock) };
  const history = { ...taken, followers: [...taken.followers!, follower] };
  expectHolds(history, ['I1', 'I2', 'I12', 'I13', 'I15', 'I17', 'I19', 'I24', 'I32']);
  for (const args of [
    ['--database', network.databaseUrl],
    ['--feed', network.rpcUrl],
  ]) {
    const { code, output } = await runCli(directory.path, ['audit', ...args]);
    expect(output).toContain('no problems');
    expect(code).toBe(0);
  }
});
