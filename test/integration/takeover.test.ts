// Two sequencers on one Postgres: leaders die, freeze and come back, servers die, and nothing is lost or decided twice.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesToHex } from '#libs/protocol';
import {
  type EarlierLog,
  type NatsServer,
  Network,
  readLogFrom,
  type PostgresServer,
  startNats,
  startPostgres,
  waitFor,
} from '#libs/testkit';
import { expectHolds, takeHistory } from './fixtures/history.js';
import { testDirectory } from './fixtures/test-directory.js';
import { writeTopology } from './fixtures/topology.js';
import { TransferSender } from './fixtures/transfer-sender.js';
import { DOLLAR, ETHER, type Listed, World } from './fixtures/world.js';

const TAKEOVER_MS_MAX = 5_000;
const OPERATIONS = 8;
/** The undecided operations outlive a takeover, however slow. */
const PREPARE_MS_MAX = 40_000;

const directory = testDirectory('takeover');
let postgres: PostgresServer;
let nats: NatsServer;
let network: Network;
let world: World;
let series: Listed;
const senders: TransferSender[] = [];
const earlier: EarlierLog[] = [];

const postgresDir = join(directory.path, 'postgres');

beforeAll(async () => {
  postgres = await startPostgres({ dataDir: postgresDir });
  nats = await startNats();
  network = await Network.start({
    dataDir: directory.path,
    topologyFile: writeTopology(directory.path, (devnet) => (devnet.prepareMsMax = PREPARE_MS_MAX)),
    sequencers: 2,
    databaseUrl: postgres.url,
    natsUrl: nats.url,
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

const chain = (index: number): number => network.chainIds[index]!;

/** Index of the sequencer that leads, once one does. */
async function leaderIndex(): Promise<number> {
  let index: number | null = null;
  await waitFor('a leader', async () => (index = await network.leader()) !== null, 20_000);
  return index!;
}

async function epoch(): Promise<number> {
  return (await network.readiness(await leaderIndex()))!.epoch!;
}

/** The newest block that a follower was handed, with its epoch. */
const newest = () => world.feed.blocks.get(chain(0))!.at(-1)!.header;

/** Waits for a block of a later epoch; gives how long it took. */
async function takenOver(after: number): Promise<number> {
  const startMs = performance.now();
  await waitFor(`a block of an epoch after ${after}`, () => newest().epoch > after, 30_000);
  return performance.now() - startMs;
}

/** Each sender gets on with its work: none is stuck. */
async function everyoneSends(): Promise<void> {
  const marks = senders.map(({ done }) => done);
  await waitFor('every sender to get on', () => senders.every(({ done }, index) => done > marks[index]!), 20_000);
}

/** Remembers the log as it stands now: a later one must begin with it (I6). */
async function remember(name: string): Promise<void> {
  const { blocks } = await readLogFrom(network.databaseUrl);
  earlier.push({ name, hashes: blocks.map(({ hash }) => bytesToHex(hash)) });
}

test('a stand-by takes submissions of every kind and hands them to the leader; it serves reads', async () => {
  const standby = 1 - (await leaderIndex());
  expect(await network.readiness(standby)).toMatchObject({ status: 'ready', isLeading: false });
  const { wallet, reads } = world.viem(chain(1), standby);
  const [from, to] = [world.accounts[8]!, world.accounts[7]!];
  const sentAtMs = performance.now();
  const hash = await wallet.sendTransaction({ account: from, to: to.address, value: 1n });
  const answeredAtMs = performance.now();
  const what = { kind: 'transaction', id: hash, chainId: chain(1) } as const;
  world.attempts.all.push({ ...what, sentAtMs, outcome: 'acknowledged', answeredAtMs });
  expect(await reads.waitForTransactionReceipt({ hash })).toMatchObject({ status: 'success' });
  const intent = world.exerciseIntent(series, ETHER);
  const { id } = await world.submit('ExerciseIntent', series, intent, [world.accounts[1]!], standby);
  expect(await world.settled(id)).toBe('committed');
  const bad = world.exerciseIntent(series, ETHER, { deadlineMs: 1n });
  const refused = world.submit('ExerciseIntent', series, bad, [world.accounts[1]!], standby);
  await expect(refused).rejects.toMatchObject({ data: { code: 'deadline_too_near', field: 'deadlineMs' } });
});

describe('with transfers running at both sequencers and over NATS', () => {
  beforeAll(() => {
    const [first, second, third, fourth] = world.accounts.slice(2, 6);
    senders.push(
      new TransferSender(world, { account: first!, chainId: chain(0), over: { sequencer: 0 } }),
      new TransferSender(world, { account: second!, chainId: chain(1), over: { sequencer: 1 } }),
      new TransferSender(world, { account: third!, chainId: chain(2), over: 'nats' }),
      new TransferSender(world, { account: fourth!, chainId: chain(2), over: { sequencer: 0 } }),
    );
  });

  test('after SIGKILL of the leader the stand-by appends within 5 s', async () => {
    await everyoneSends();
    await remember('before the leader was killed');
    const leader = await leaderIndex();
    const { epoch: before } = newest();
    network.sequencers[leader]!.kill('SIGKILL');
    const tookMs = await takenOver(before);
    console.log(`the stand-by appended ${tookMs.toFixed(0)} ms after the leader was killed`);
    expect(tookMs).toBeLessThan(TAKEOVER_MS_MAX);
    await network.startSequencer(leader);
    expect(await network.readiness(leader)).toMatchObject({ status: 'ready', isLeading: false });
    await everyoneSends();
  });

  test('a leader that was frozen past its lease appends nothing when it goes on, and stands by', async () => {
    const leader = await leaderIndex();
    const { epoch: before } = newest();
    network.sequencers[leader]!.pause();
    // It is in the frozen leader's socket, to be worked on as soon as it goes on.
    const transfer = { account: world.accounts[9]!, chainId: chain(0), over: { sequencer: leader } } as const;
    const late = new TransferSender(world, transfer);
    senders.push(late);
    await takenOver(before);
    const { number } = newest();
    network.sequencers[leader]!.resume();
    await waitFor(
      'the old leader to stand by',
      async () => {
        const readiness = await network.readiness(leader);
        return readiness?.status === 'ready' && !readiness.isLeading;
      },
      15_000,
    );
    await everyoneSends();
    const { blocks } = await readLogFrom(network.databaseUrl);
    const epochs = blocks.map(({ header }) => header.epoch);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    expect(blocks.filter(({ header }) => header.number >= number && header.epoch <= before)).toEqual([]);
  });

  test('a coordinator whose fail-over forgets undecided operations: the next leader asks for the votes and commits in time', async () => {
    const leader = await leaderIndex();
    const { epoch: before } = newest();
    // All have voted but one, so that nothing is decided yet; what was voted dies with the leader.
    const last = network.executors.get(chain(2))!;
    last.pause();
    const intents = Array.from({ length: OPERATIONS }, () => {
      return world.exerciseIntent(series, ETHER, { deadlineMs: world.deadline(PREPARE_MS_MAX) });
    });
    const holder = world.accounts[1]!;
    const submitted = intents.map((intent) => world.submit('ExerciseIntent', series, intent, [holder], leader));
    const receipts = await Promise.all(submitted).finally(() => {
      network.sequencers[leader]!.kill('SIGKILL');
      last.resume();
    });
    await takenOver(before);
    await network.startSequencer(leader);
    const outcomes = await Promise.all(receipts.map(({ id }) => world.settled(id)));
    const committed = outcomes.filter((outcome) => outcome === 'committed').length;
    console.log(`${committed} of ${OPERATIONS} operations that the dead leader had prepared were committed in time`);
    expect(committed).toBe(OPERATIONS);
    const { blocks } = await readLogFrom(network.databaseUrl);
    const epochOf = (block: number): number => blocks[block - 1]!.header.epoch;
    for (const { id } of receipts) {
      const { prepare, decision, deadlineMs } = (await world.operation(id))!;
      expect(epochOf(prepare.block)).toBe(before);
      expect(epochOf(decision!.block)).toBeGreaterThan(before);
      expect(decision!.timestamp).toBeLessThanOrEqual(deadlineMs);
    }
  });

  test('NATS killed: the leader stays and orders what comes over HTTP; followers catch up afterwards', async () => {
    const before = await epoch();
    const leader = await leaderIndex();
    await nats.kill();
    const overHttp = senders.filter((_, index) => index !== 2);
    const marks = overHttp.map(({ done }) => done + 24);
    const isOrdering = (): boolean => overHttp.every(({ done }, index) => done >= marks[index]!);
    await waitFor('HTTP senders to get on without NATS', isOrdering, 20_000);
    expect(await network.readiness(leader)).toMatchObject({ isLeading: true, epoch: before });
    nats = await startNats({ port: nats.port });
    await everyoneSends();
    const { number } = await headOf();
    await waitFor(`followers at block ${number}`, () => world.feed.height() >= number, 20_000);
    await network.waitForHeight(number);
    expect(await epoch()).toBe(before);
    // Refused until the leader has heard of every executor again.
    const commits = (): Promise<boolean> =>
      world.exercise(series, ETHER).then(
        (outcome) => outcome === 'committed',
        () => false,
      );
    await waitFor('an exercise that commits', commits, 30_000);
  });

  test('Postgres killed: nothing acknowledged is lost, and the network is back at work by itself', async () => {
    await remember('before Postgres was killed');
    const { port } = postgres;
    await postgres.kill();
    await waitFor('a sequencer that says it is not ready', async () => (await network.leader()) === null, 10_000);
    postgres = await startPostgres({ dataDir: postgresDir, port });
    const startMs = performance.now();
    await everyoneSends();
    console.log(`every sender was served ${(performance.now() - startMs).toFixed(0)} ms after Postgres was back`);
    expect(await world.exercise(series, ETHER)).toBe('committed');
  });

  test('after all of it the history holds; that NATS was killed and wiped changed no state (I14, by I15)', async () => {
    await Promise.all(senders.map((sender) => sender.stop()));
    const history = await takeHistory(world, earlier);
    const looked = [
      'I3',
      'I4',
      'I5',
      'I6',
      'I7',
      'I8',
      'I9',
      'I10',
      'I12',
      'I13',
      'I15',
      'I16',
      'I17',
      'I19',
      'I27',
    ] as const;
    expectHolds(history, looked, { clientsComplete: true });
    const { attempts } = world;
    const lost = attempts.count('unknown');
    console.log(
      `${attempts.count('acknowledged')} acknowledged, ${lost} without an answer, ${history.log.entries.length} entries`,
    );
    expect(history.log.blocks.at(-1)!.header.epoch).toBeGreaterThanOrEqual(4);
  });
});

async function headOf(): Promise<{ number: number }> {
  const { blocks } = await readLogFrom(network.databaseUrl);
  return { number: blocks.at(-1)!.header.number };
}
