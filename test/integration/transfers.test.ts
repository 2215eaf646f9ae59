// Transfers from signature to executors, over HTTP and NATS, while processes die.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseEther } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPTIONS_MARKET_ABI } from '#libs/options';
import { bytesToHex, type Hex } from '#libs/protocol';
import { FeedObserver, Network, waitFor } from '#libs/testkit';
import { expectHolds, takeHistory } from './fixtures/history.js';
import { testDirectory } from './fixtures/test-directory.js';
import { TransferSender } from './fixtures/transfer-sender.js';
import { ETHER, MARKET, World } from './fixtures/world.js';

const directory = testDirectory('transfers');
let network: Network;
let world: World;

beforeAll(async () => {
  network = await Network.start({ dataDir: directory.path });
  world = await World.enter(network);
});
afterAll(async () => {
  await world?.close();
  await network?.stop();
  directory.remove();
});

test('an unmodified viem client sends a transfer, waits for its receipt, and reads what became of it', async () => {
  const chainId = network.chainIds[0]!;
  const { reads, wallet } = world.viem(chainId);
  const [from, to] = [world.accounts[8]!, world.accounts[7]!];
  const before = await reads.getBalance(to);
  const sentAtMs = performance.now();
  const hash = await wallet.sendTransaction({ account: from, to: to.address, value: parseEther('1.5') });
  const answeredAtMs = performance.now();
  world.attempts.all.push({ kind: 'transaction', id: hash, chainId, sentAtMs, outcome: 'acknowledged', answeredAtMs });
  const receipt = await reads.waitForTransactionReceipt({ hash });
  expect(receipt).toMatchObject({ status: 'success', from: from.address.toLowerCase(), transactionIndex: 0 });
  expect(await reads.getBalance(to)).toBe(before + (3n * ETHER) / 2n);
  const transaction = await reads.getTransaction({ hash });
  expect(transaction).toMatchObject({ hash, nonce: 0, value: parseEther('1.5'), blockHash: receipt.blockHash });
  const block = await reads.getBlock({ blockNumber: receipt.blockNumber });
  expect(block.transactions).toEqual([hash]);
  expect(await reads.getTransactionCount(from)).toBe(1);
});

test('an unmodified viem client finds events by block, account and hash, and watches them without a filter', async () => {
  const chainId = network.chainIds[1]!;
  const { reads, wallet } = world.viem(chainId);
  const [from, to] = [world.accounts[8]!, world.accounts[7]!];
  const market = { address: MARKET, abi: OPTIONS_MARKET_ABI, eventName: 'Transfer' } as const;
  const watched: Hex[] = [];
  const errors: Error[] = [];
  const unwatch = reads.watchContractEvent({
    ...market,
    args: { to: to.address },
    fromBlock: 1n,
    onLogs: (logs) => watched.push(...logs.map(({ transactionHash }) => transactionHash)),
    onError: (error) => errors.push(error),
  });
  const hashes: Hex[] = [];
  for (let n = 1n; n <= 5n; n++) {
    const sentAtMs = performance.now();
    const hash = await wallet.sendTransaction({ account: from, to: to.address, value: n });
    const answeredAtMs = performance.now();
    world.attempts.all.push({
      kind: 'transaction',
      id: hash,
      chainId,
      sentAtMs,
      outcome: 'acknowledged',
      answeredAtMs,
    });
    hashes.push(hash);
  }
  const receipt = await reads.waitForTransactionReceipt({ hash: hashes[4]! });
  await waitFor('five events', () => watched.length >= 5, 10_000);
  unwatch();
  expect(watched).toEqual(hashes);
  expect(errors).toEqual([]);

  const range = { fromBlock: 0n, toBlock: 'latest' } as const;
  const events = await reads.getContractEvents({ ...market, ...range, args: { from: from.address, to: to.address } });
  expect(events.map(({ args, transactionHash }) => [args.amount, transactionHash])).toEqual(
    hashes.map((hash, index) => [BigInt(index + 1), hash]),
  );
  expect(await reads.getLogs({ address: MARKET, blockHash: receipt.blockHash })).toEqual(receipt.logs);
  const backwards = { ...market, ...range, args: { from: to.address, to: from.address } };
  expect(await reads.getContractEvents(backwards)).toEqual([]);
});

test('executors killed and wiped and a sequencer killed under load lose, repeat and reorder nothing', async () => {
  const [first, second, third] = network.chainIds as [number, number, number];
  const senders = [first, second, third].flatMap((chainId, index) => [
    new TransferSender(world, { account: world.accounts[index]!, chainId, over: { sequencer: 0 } }),
    new TransferSender(world, { account: world.accounts[3 + index]!, chainId, over: 'nats' }),
  ]);
  const everyoneSends = async (transfers: number): Promise<void> => {
    const marks = senders.map(({ done }) => done + transfers);
    const isDone = (): boolean => senders.every(({ done }, index) => done >= marks[index]!);
    await waitFor(`${transfers} more transfers of each sender`, isDone, 30_000);
  };

  await everyoneSends(40);
  network.executors.get(second)!.kill('SIGKILL');
  await everyoneSends(40);
  network.startExecutor(second);

  const wiped = network.executors.get(third)!;
  wiped.kill('SIGKILL');
  await wiped.exited;
  rmSync(join(directory.path, `executor-${third}`), { recursive: true });
  await everyoneSends(40);
  network.startExecutor(third);

  await everyoneSends(40);
  const [sequencer] = network.sequencers;
  sequencer!.kill('SIGKILL');
  await sequencer!.exited;
  await waitFor('submissions without an answer', () => world.attempts.count('unknown') > 0, 10_000);
  await network.startSequencer();
  await everyoneSends(40);
  // What is acknowledged last, no executor has seen when the history is taken.
  const frozen = [...network.executors.values()];
  for (const executor of frozen) executor.kill('SIGSTOP');
  await everyoneSends(40);
  await Promise.all(senders.map((sender) => sender.stop()));
  for (const executor of frozen) executor.kill('SIGCONT');

  const history = await takeHistory(world);
  const looked = [
    'I1',
    'I2',
    'I4',
    'I5',
    'I7',
    'I8',
    'I9',
    'I10',
    'I12',
    'I13',
    'I15',
    'I19',
    'I27',
    'I29',
    'I31',
  ] as const;
  expectHolds(history, looked, { clientsComplete: true });
  for (const [index, chainId] of network.chainIds.entries()) {
    const balance = await world.viem(chainId).reads.getBalance({ address: TransferSender.RECEIVER });
    expect(balance).toBe(senders[2 * index]!.transferred + senders[2 * index + 1]!.transferred);
  }
  const epochs = new Set(history.log.blocks.map(({ header }) => header.epoch));
  expect([...epochs]).toEqual([1, 2]);
});

test('a subscriber that comes late is handed the whole log from block 1', async () => {
  const late = await FeedObserver.start(network.natsUrl, network.rpcUrl, world.logId, network.chainIds);
  try {
    const height = world.feed.height();
    await waitFor(`the late subscriber at block ${height}`, () => late.height() >= height, 20_000);
    for (const [chainId, blocks] of world.feed.blocks) {
      const hashes = (all: typeof blocks): string[] => all.slice(0, height).map(({ hash }) => bytesToHex(hash));
      expect(hashes(late.blocks.get(chainId)!)).toEqual(hashes(blocks));
    }
  } finally {
    await late.stop();
  }
});
