// What is known to break in systems like this when nodes start, die and take over: each by its name. docs/faults.md lists them.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ArmFailpoint, FailpointName } from '#libs/runtime';
import { type ChaosProcess, readiness, readLogFrom, waitFor } from '#libs/testkit';
import { LoadedNetwork } from '../fixtures/loaded-network.js';

const HOUR_MS = 3_600_000;
const TAKEOVER_MS_MAX = 5_000;
const TRANSFER_MS_MAX = 1_000;
const UNDECIDED = 6;
const SMALL = 10n ** 15n;

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });
let loaded: LoadedNetwork;

beforeAll(async () => {
  loaded = await LoadedNetwork.create('start-and-takeover', { prepareMsMax: 60_000 });
});
afterAll(() => loaded?.stop());

/** Waits until a process reaches a failpoint that it is armed with. */
async function hit(process: ChaosProcess, name: FailpointName, act: () => void | Promise<void>): Promise<void> {
  let isHit = false;
  const release = process.onHit(({ failpointHit }) => (isHit ||= failpointHit === name));
  await act();
  await waitFor(`${process.name} to reach ${name}`, () => isHit, 30_000);
  release();
}

/** Whether a node is ready and does not lead. */
async function standsBy(url: string): Promise<boolean> {
  const answer = await readiness(url);
  return answer?.status === 'ready' && answer.isLeading === false;
}

test('a kill during the first initialisation that leaves a node broken for good: every place of it is repeated', async () => {
  const { sequencers, executors } = loaded.network;
  const [first, second] = sequencers.map(({ process }) => process) as [ChaosProcess, ChaosProcess];
  const strikes: [ChaosProcess, FailpointName][] = [
    [first, 'tables-migrated'],
    [second, 'genesis-found'],
    [first, 'epoch-raised'],
    [executors[0]!.process, 'store-opened'],
  ];
  for (const [process, failpoint] of strikes) {
    const armed: ArmFailpoint[] = [{ failpoint, action: 'kill' }];
    await hit(process, failpoint, () => process.start(armed));
    await process.exited();
  }
  await loaded.startLoad();
  const { blocks, genesis } = await readLogFrom(loaded.network.postgres.url);
  expect(blocks[0]!.header).toMatchObject({ number: 1, firstSequence: 1n });
  expect(genesis.registry.rollups).toHaveLength(executors.length);
  for (const { process } of loaded.network.nodes) expect([process.name, process.isUp]).toEqual([process.name, true]);
});

test('a leader elected while behind that wedges for ever: it finds itself behind, stands by, and leads again when due', async () => {
  const before = loaded.epoch;
  const old = await loaded.leader();
  const behind = loaded.other(old);
  await loaded.remember('before a leader was elected behind');
  // It has raised the epoch and read the log when it freezes; meanwhile the other leads and appends.
  await hit(behind.process, 'log-read', async () => {
    behind.process.arm({ failpoint: 'log-read', action: 'stop' });
    await old.process.kill();
  });
  old.process.start();
  await loaded.takenOver(before + 1);
  await loaded.goesOn();
  behind.process.resume();
  await waitFor('the one that was behind to stand by', () => standsBy(behind.url), 20_000);
  await loaded.goesOn();
  const { epoch } = loaded;
  await old.process.kill();
  const tookMs = await loaded.takenOver(epoch);
  console.log(`the node that had been elected while behind led ${tookMs.toFixed(0)} ms after the other was killed`);
  expect(tookMs).toBeLessThan(TAKEOVER_MS_MAX);
  old.process.start();
  await waitFor('the killed one to stand by', () => standsBy(old.url), 30_000);
});

test('`lockstep leader transfer` under load: the stall is below a second and nothing acknowledged is lost', async () => {
  await loaded.goesOn();
  const { epoch } = loaded;
  const leader = await loaded.leader();
  const output = await loaded.command(['leader', 'transfer'], { rpc: loaded.other(leader).url });
  expect(output).toContain(`epoch ${epoch} is over`);
  await loaded.takenOver(epoch);
  await loaded.goesOn();
  expect((await loaded.leader()).url).not.toBe(leader.url);
  const readAtMs = performance.now();
  const { blocks, entries } = await readLogFrom(loaded.network.postgres.url);
  const next = blocks.findIndex(({ header }) => header.epoch > epoch);
  const [last, first] = [blocks[next - 1]!.header, blocks[next]!.header];
  expect([last.epoch, first.epoch]).toEqual([epoch, epoch + 1]);
  const stallMs = first.timestamp - last.timestamp;
  console.log(`${stallMs} ms of log time between the old leader's last block and the new one's first`);
  expect(stallMs).toBeLessThan(TRANSFER_MS_MAX);
  const there = new Set(entries.map(({ id }) => `0x${Buffer.from(id).toString('hex')}`));
  const { attempts } = loaded.clients.attempts;
  const told = attempts.filter(
    ({ kind, outcome, answeredAtMs = Infinity }) =>
      kind === 'transaction' && outcome === 'acknowledged' && answeredAtMs < readAtMs,
  );
  expect(told.length).toBeGreaterThan(0);
  expect(told.filter(({ id }) => !there.has(id))).toEqual([]);
});

test('retry counters and in-flight work lost on restart: after every process was killed at once all of it is finished', async () => {
  const { network, clients } = loaded;
  const call = clients.series[0]!;
  const silent = network.executors.find(({ chainId }) => chainId === call.terms.settlementChainId)!;
  silent.process.pause(); // its votes are missing, so that nothing is decided before the end
  const ids = await Promise.all(
    Array.from({ length: UNDECIDED }, () => clients.operations.exercise(call, SMALL, 50_000)),
  );
  const prepared = await Promise.all(ids.map((id) => loaded.operation(id)));
  expect(prepared.map((operation) => operation?.status)).toEqual(ids.map(() => 'prepared'));
  await loaded.remember('before everything was killed');
  const open = clients.attempts.counts().unknown;
  const kills = network.nodes.map(({ process }) => process.kill());
  await Promise.all([...kills, network.postgres.kill(), network.nats.kill()]);
  await network.restartServers();
  for (const { process } of network.nodes) process.start();
  const outcomes = await Promise.all(ids.map((id) => loaded.outcome(id)));
  const committed = outcomes.filter((outcome) => outcome === 'committed').length;
  console.log(
    `${committed} of ${UNDECIDED} operations that were undecided when everything died were committed in time`,
  );
  expect(committed).toBe(UNDECIDED);
  await loaded.goesOn();
  // Submissions without an answer were there; the clients sent the same bytes again (I10 is checked at the end).
  expect(open).toBeGreaterThan(0);
});

test('`lockstep leader confirm-time`: a node whose clock is an hour ahead refuses to lead until it was run', async () => {
  await loaded.goesOn();
  const { epoch } = loaded;
  const leader = await loaded.leader();
  const ahead = loaded.other(leader);
  ahead.process.setClock(HOUR_MS);
  await leader.process.kill();
  const says = 'Log time would jump ahead';
  await waitFor('the node to say why it does not lead', () => loaded.hasLogged(ahead.process.name, says), 20_000);
  expect(await readiness(ahead.url)).toMatchObject({ isLeading: false });
  expect(loaded.epoch).toBe(epoch);
  // Told by an operator whose own clock is an hour behind the node's: the command is too old for it.
  await loaded.command(['leader', 'confirm-time'], { rpc: ahead.url });
  await loaded.command(['leader', 'confirm-time'], { rpc: ahead.url, clockOffsetMs: HOUR_MS });
  await loaded.takenOver(epoch);
  expect(await readiness(ahead.url)).toMatchObject({ isLeading: true });
  const { blocks } = await readLogFrom(loaded.network.postgres.url);
  const next = blocks.findIndex(({ header }) => header.epoch > epoch);
  const [last, first] = blocks.slice(next - 1, next + 1).map(({ header }) => header.timestamp);
  expect(first! - last!).toBeGreaterThan(HOUR_MS / 2);
  leader.process.start();
  await loaded.goesOn();
});

test('after all of it the history holds', async () => {
  await loaded.expectHistoryHolds([
    'I3',
    'I4',
    'I5',
    'I6',
    'I7',
    'I8',
    'I9',
    'I10',
    'I12',
    'I15',
    'I16',
    'I17',
    'I19',
    'I27',
  ]);
});
