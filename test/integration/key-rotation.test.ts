// Shows that a rollup's voting key and a replica's are rotated under load, with operations undecided at that moment, and
// that nothing aborts because of it: each vote counts under the key in force when its operation was prepared.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { LocalSigner, recoverAddress } from '#libs/crypto';
import { voteDigest } from '#libs/atomic-commit';
import { bytesToHex, type Hex, KeyRole, RegistryAction } from '#libs/protocol';
import { devnetKeys, Network, waitFor } from '#libs/testkit';
import { expectHolds, takeHistory } from './fixtures/history.js';
import { runCli } from './fixtures/run-cli.js';
import { testDirectory } from './fixtures/test-directory.js';
import { TransferSender } from './fixtures/transfer-sender.js';
import { DOLLAR, ETHER, type Listed, World } from './fixtures/world.js';

vi.setConfig({ testTimeout: 240_000 });

const directory = testDirectory('key-rotation');
const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const addressOf = (key: Uint8Array): Uint8Array => new LocalSigner(key).address;
const [NEW_VOTING, NEW_REPLICA] = [keyOf(0x71), keyOf(0x72)];
/** Index of the rollup whose keys are rotated: the collateral's and the exposure's. */
const INDEX = 1;
const OLD_VOTING = devnetKeys.executor(INDEX);

let network: Network;
let world: World;
let series: Listed;
let chainId: number;
const senders: TransferSender[] = [];

beforeAll(async () => {
  network = await Network.start({ dataDir: directory.path, replicas: true });
  world = await World.enter(network);
  chainId = network.chainIds[INDEX]!;
  await world.setPrice(2_500n * DOLLAR);
  series = await world.list([0, 1, 1, 2]);
  for (const [index, on] of network.chainIds.entries()) {
    senders.push(new TransferSender(world, { account: world.accounts[5 + index]!, chainId: on, over: 'nats' }));
  }
});
afterAll(async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  await world?.close();
  await network?.stop();
  directory.remove();
});

const setKey = (role: KeyRole, previous: Uint8Array, next: Uint8Array) =>
  world.admin.change({ selector: RegistryAction.SET_KEY, value: { role, chainId, previous, next } });

const submitWrite = async (): Promise<Hex> => {
  const intent = world.writeIntent(series, ETHER);
  return (await world.submit('WriteIntent', series, intent, world.accounts.slice(0, 2))).id;
};

/** Whose key signed the rollup's vote in the certificate of an operation. */
async function voterOf(id: Hex): Promise<Hex> {
  const { decision } = await world.feed.decided(id);
  const signed = decision.votes.find(({ vote }) => vote.chainId === chainId)!;
  return bytesToHex(recoverAddress(voteDigest(signed.vote), signed.signature)!);
}

const keyOfStatus = async (): Promise<string> =>
  (await network.read<{ key: string }>(chainId, 'lockstep_executorStatus', [])).key;

test('operations undecided at the rotation commit with the old key, later ones with the new key', async () => {
  const [old, next] = [addressOf(OLD_VOTING), addressOf(NEW_VOTING)];
  await network.executors.get(chainId)!.stop();
  const executor = network.startExecutor(chainId, { EXECUTOR_OTHER_KEY: bytesToHex(NEW_VOTING) });
  await network.waitForHeight(world.feed.height(), [chainId]);
  expect(await world.write(series, ETHER)).toBe('committed');

  // Frozen, it has not even seen these PREPAREs when its key changes.
  executor.pause();
  let undecided: Hex[];
  try {
    undecided = [await submitWrite(), await submitWrite()];
    await setKey(KeyRole.VOTING, old, next);
    expect((await world.operation(undecided[0]!))!.status).toBe('prepared');
  } finally {
    executor.resume();
  }
  for (const id of undecided) {
    expect(await world.settled(id)).toBe('committed');
    expect(await voterOf(id)).toBe(bytesToHex(old));
  }
  await waitFor('the new key in the status', async () => (await keyOfStatus()) === bytesToHex(next), 10_000);
  const later = await submitWrite();
  expect(await world.settled(later)).toBe('committed');
  expect(await voterOf(later)).toBe(bytesToHex(next));

  const cli = (args: string[]) => runCli(directory.path, args);
  const rpc = ['--rpc', network.rpcUrl];
  await cli(['registry', 'export', '--out', 'registry.json', ...rpc]);
  for (const id of [...undecided, later]) {
    await cli(['certificate', 'export', id, '--out', 'certificate.json', ...rpc]);
    const checked = await cli(['certificate', 'check', 'certificate.json', '--registry', 'registry.json']);
    expect(checked.output).toContain(`The certificate holds: write ${id} is committed.`);
  }
});

test('the new key alone suffices afterwards, with a lost store as well', async () => {
  const executor = network.executors.get(chainId)!;
  await executor.stop();
  rmSync(join(directory.path, `executor-${chainId}`), { recursive: true });
  network.startExecutor(chainId, { EXECUTOR_KEY: bytesToHex(NEW_VOTING) });
  await network.waitForHeight(world.feed.height(), [chainId]);
  expect(await world.write(series, ETHER)).toBe('committed');
  expect(await world.exercise(series, 2n * ETHER)).toBe('committed');
});

test("a replica's key is added and the old one removed by the CLI; the replica with the old one says so", async () => {
  const [old, next] = [devnetKeys.replica(INDEX), NEW_REPLICA].map((key) => bytesToHex(addressOf(key)));
  const set = (...args: string[]) =>
    runCli(directory.path, [
      ...['key', 'set', 'replica', '--chain-id', String(chainId), ...args, '--devnet'],
      ...['--rpc', network.rpcUrl, '--nats', network.natsUrl],
    ]);
  expect(await set('--next', next!)).toMatchObject({ code: 0 });
  const left = network.replicas.get(chainId)!;
  expect(await set('--previous', old!)).toMatchObject({ code: 0 });
  await left.waitForLine(/signs nothing: the registry lists no key of this executor/, 10_000);
  await left.stop();
  expect(await set('--previous', old!)).toMatchObject({
    output: expect.stringContaining('is no replica key') as string,
  });
  const replica = network.startReplica(chainId, { EXECUTOR_KEY: bytesToHex(NEW_REPLICA) });
  await replica.waitForLine(/signs with this key/, 30_000);
});

test('nothing aborted, every invariant holds, and the audit judges each vote and root by the keys of its height', async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  const history = await takeHistory(world);
  expectHolds(history, ['I15', 'I16', 'I17', 'I24', 'I32']);
  const report = join(directory.path, 'report.json');
  const { code, output } = await runCli(directory.path, ['audit', '--json', report], {
    DATABASE_URL: network.databaseUrl,
  });
  expect(output).toContain('no problems');
  expect(code).toBe(0);
});
