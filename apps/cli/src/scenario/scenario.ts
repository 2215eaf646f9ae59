import { heading, print } from '../console.js';
import { listSeries, writeOptions, DOLLAR } from './options-setup.js';
import { quantiles } from './quantiles.js';
import { Steps } from './steps.js';
import { TransferLoad } from './transfer-load.js';
import { CHECKED_INVARIANTS, verifyWorld } from './verify-world.js';
import { enterWorld, type World } from './world.js';
import { formatReports, invariantFlags, type Network } from '#libs/testkit';

const TRANSFERS = 3_000;
const SMALL_EXERCISES = 40;
const PRICE_EVERY_MS = 1_000;

/** The last line of `npm start -- --once`. */
export interface ScenarioSummary {
  ordered: number;
  committed: number;
  aborted: number;
  abort_reasons: Record<string, number>;
  invariants: Record<string, boolean>;
  submit_to_feed_ms: { p50: number; p99: number };
  exercise_ms: { p50: number; p99: number };
}

/** Whether everything held, and what was measured. */
export interface ScenarioResult {
  passed: boolean;
  summary: ScenarioSummary;
}

/** What is said when the scenario did not get to its end: nothing was found to hold. */
export const EMPTY_SUMMARY: ScenarioSummary = {
  ordered: 0,
  committed: 0,
  aborted: 0,
  abort_reasons: {},
  invariants: Object.fromEntries(CHECKED_INVARIANTS.map((invariant) => [invariant, false])),
  submit_to_feed_ms: { p50: 0, p99: 0 },
  exercise_ms: { p50: 0, p99: 0 },
};

/**
 * Runs the guided scenario on a devnet as any client would, and checks what came of it.
 * @param signal ends it where it stands: waits are given up, nothing new is sent
 * @throws what the signal was raised with
 */
export async function runScenario(network: Network, signal: AbortSignal): Promise<ScenarioResult> {
  signal.throwIfAborted();
  const world = await enterWorld(network, signal);
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= world.close());
  const giveUp = (): void => void close().catch(() => undefined);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    signal.throwIfAborted();
    return await actAndVerify(world);
  } catch (thrown) {
    signal.throwIfAborted(); // what fails because the clients were closed is no finding
    throw thrown;
  } finally {
    signal.removeEventListener('abort', giveUp);
    await close();
  }
}

async function actAndVerify(world: World): Promise<ScenarioResult> {
  heading('Series, prices, options');
  await world.setPrice(2_400n * DOLLAR);
  const prices = setInterval(() => {
    world.setPrice(2_400n * DOLLAR + BigInt(Math.floor(Math.random() * 1_000_000))).catch(() => undefined);
  }, PRICE_EVERY_MS);
  const load = new TransferLoad(world, TRANSFERS);
  try {
    const options = await listSeries(world);
    print('  3 series listed by signed registry entries: an American call, a physical put, a European call');
    const written = await writeOptions(world, options);
    print(`  ${written.length} write operations committed: 20 calls, 5 puts backed by the pool, 3 European calls`);
    load.start();
    print(`  ${TRANSFERS} transfers begin to run beside`);
    const steps = new Steps(world, options);
    steps.countCommitted(written.length);
    await steps.cashCall();
    await steps.physicalPut();
    await steps.refusedLeg();
    await steps.silentExecutor();
    await steps.sentTwice();
    await steps.european();
    await steps.close();
    const { sent, acknowledged, refused, submitToFeedMs } = await load.finish();
    heading('Transfers and latency');
    print(`  ${sent} transfers sent, ${acknowledged} acknowledged, ${refused} refused`);
    await steps.exerciseMany(SMALL_EXERCISES);
    const { results } = steps;
    const submitToFeed = quantiles(submitToFeedMs);
    const exercise = quantiles(results.exerciseMs);
    print(`  submit to verified feed   p50 ${submitToFeed.p50} ms   p99 ${submitToFeed.p99} ms`);
    print(`  exercise to decision      p50 ${exercise.p50} ms   p99 ${exercise.p99} ms`);
    clearInterval(prices);
    const { reports, ordered } = await verifyWorld(world);
    heading('Invariants, checked against the log, the feeds and the executors');
    print(formatReports(reports));
    const invariants = invariantFlags(reports);
    if (refused > 0) results.failures.push(`${refused} transfers were refused`);
    for (const failure of results.failures) print(`  FAILED: ${failure}`);
    return {
      passed: results.failures.length === 0 && Object.values(invariants).every(Boolean),
      summary: {
        ordered,
        committed: results.committed,
        aborted: results.aborted,
        abort_reasons: results.abortReasons,
        invariants,
        submit_to_feed_ms: submitToFeed,
        exercise_ms: exercise,
      },
    };
  } finally {
    clearInterval(prices);
  }
}
