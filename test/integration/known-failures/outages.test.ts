// What is known to break in systems like this when a server or an executor goes away for a while: each by its name, with
// a short outage here; `npm run chaos -- --long` makes those of Postgres last two minutes. docs/faults.md lists them.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { subscribeBytes } from '#libs/messaging';
import { bytesToHex, statusSubject } from '#libs/protocol';
import { callTerms, type ExecutorNode, type LoadSeries, type OutageKind, sufferOutage, waitFor } from '#libs/testkit';
import { LoadedNetwork } from '../fixtures/loaded-network.js';

const OUTAGE_MS = 8_000;
/** What a client of NATS takes to notice that nobody answers its pings, and to come back. */
const NATS_BACK_MS_MAX = 15_000;
/** An executor is silent five seconds after its status was last heard: one that was under way came at the beginning. */
const SILENT_MS_MIN = 3_500;
const DAY_MS = 86_400_000;
const SMALL = 10n ** 15n;
const ETHER = 10n ** 18n;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
let loaded: LoadedNetwork;
/** A series on the first two rollups alone. */
let elsewhere: LoadSeries;

beforeAll(async () => {
  loaded = await LoadedNetwork.create('outages', { prepareMsMax: 12_000 });
  await loaded.startLoad();
  const { world, registry, operations } = loaded.clients;
  const [first, second] = world.chainIds as [number, number];
  const terms = { ...callTerms(world, world.logTimeMs() + DAY_MS), strike: 2_000_000_007n };
  Object.assign(terms, { positionChainId: first, exposureChainId: second, collateralChainId: second });
  Object.assign(terms, { settlementChainId: first });
  elsewhere = { id: bytesToHex(await registry.listSeries(terms)), terms, backedByPool: false };
  expect(await loaded.outcome(await operations.write(elsewhere, ETHER, 10_000))).toBe('committed');
});
afterAll(() => loaded?.stop());

/** The executor that settles the load's call, and with it is needed for its exercises. */
const settler = (): ExecutorNode => {
  const { settlementChainId } = loaded.clients.series[0]!.terms;
  return loaded.network.executors.find(({ chainId }) => chainId === settlementChainId)!;
};

/** Exercises a little of the load's call until it is not refused and commits. */
async function exerciseCommits(): Promise<void> {
  const { operations, series } = loaded.clients;
  const commits = async (): Promise<boolean> => {
    const id = await operations.exercise(series[0]!, SMALL, 3_500);
    return (await loaded.operation(id)) !== null && (await loaded.outcome(id)) === 'committed';
  };
  await waitFor('an exercise that commits', commits, 30_000);
}

test.for<[kind: OutageKind, title: string]>([
  ['freeze', 'a sequencer never recovers after its database was frozen, and reports healthy'],
  ['blackhole', 'a stall of 15 minutes after a lost database connection (packets vanish without a word)'],
])('%s: %s — here it says so within 5 s, refuses clearly, and is back within 10 s by itself', async ([kind]) => {
  const { network, clients } = loaded;
  await loaded.goesOn();
  await loaded.remember(`before Postgres's ${kind}`);
  const report = await sufferOutage(network, clients, { kind, outageMs: OUTAGE_MS });
  const { notReadyMs, refused, refusedMsMax, blockMs, acknowledgedMs } = report;
  console.log(
    `${kind}: not ready after ${notReadyMs?.toFixed(0)} ms; ${refused} submissions refused within ${refusedMsMax.toFixed(0)} ms; ` +
      `after its end a block in ${blockMs?.toFixed(0)} ms, an acknowledgement in ${acknowledgedMs?.toFixed(0)} ms`,
  );
  expect(report.problems).toEqual([]);
  expect(refused).toBeGreaterThan(0);
  await loaded.goesOn();
});

test('a follower that freezes silently (NATS half-open): others see its status fall silent, its pings bring it back', async () => {
  const { clients } = loaded;
  const { chainId, nats } = settler();
  const heardAtMs: number[] = [];
  subscribeBytes(clients.nats, statusSubject(chainId), (bytes) => {
    if (Buffer.from(bytes).includes('"role":"voting"')) heardAtMs.push(performance.now());
  });
  await waitFor('its status', () => heardAtMs.length > 0, 10_000);
  nats.setMode('blackhole');
  const sinceMs = performance.now();
  const silentError = /has not been heard of/;
  const isRefused = (): boolean =>
    clients.attempts.newestErrors(sinceMs).some(([message]) => silentError.test(message));
  await waitFor('operations to be refused because it is silent', isRefused, 15_000);
  const before = heardAtMs.length;
  expect(performance.now() - heardAtMs.at(-1)!).toBeGreaterThan(SILENT_MS_MIN);
  await loaded.goesOn(); // the rest does not wait for it: its rollup's transactions are ordered as well
  nats.setMode('pass'); // the connection that lost bytes stays dead; it has to make another
  const startMs = performance.now();
  await waitFor('its status to be heard again', () => heardAtMs.length > before, NATS_BACK_MS_MAX);
  console.log(`the executor was heard again ${(performance.now() - startMs).toFixed(0)} ms after the line was whole`);
  await exerciseCommits();
});

test('a retry that can never succeed and blocks the rest: an operation whose executor is dead expires, all others go on', async () => {
  const { operations, series, attempts } = loaded.clients;
  const dead = settler();
  await exerciseCommits();
  dead.process.pause();
  const stuck = await operations.exercise(series[0]!, SMALL, 10_000);
  expect(await loaded.operation(stuck)).toMatchObject({ status: 'prepared' });
  const since = performance.now();
  const other = await operations.exercise(elsewhere, SMALL, 10_000);
  expect(await loaded.outcome(other)).toBe('committed');
  expect(await loaded.operation(stuck)).toMatchObject({ status: 'prepared' });
  expect(await loaded.outcome(stuck)).toBe('expired');
  const onItsRollup = attempts.attempts.filter(
    ({ kind, chainId, outcome, sentAtMs }) =>
      kind === 'transaction' && chainId === dead.chainId && outcome === 'acknowledged' && sentAtMs > since,
  );
  expect(onItsRollup.length).toBeGreaterThan(0);
  dead.process.resume();
  await exerciseCommits();
});

test('after all of it the history holds', async () => {
  await loaded.expectHistoryHolds([
    'I4',
    'I5',
    'I6',
    'I8',
    'I9',
    'I10',
    'I12',
    'I13',
    'I15',
    'I16',
    'I17',
    'I19',
    'I26',
    'I27',
  ]);
});
