import { Violation } from '../checks/violation.js';
import type { CryptoPorts } from '../crypto/crypto-ports.js';
import { makePlan } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { shrinkPlan } from '../plan/shrink-plan.js';
import { mixed } from '../support/random.js';
import { installVirtualTimers, realTurn } from '../support/scheduler.js';
import { Trace } from '../support/trace.js';
import type { Parts } from '../world/world.js';
import { runSchedule } from './run-schedule.js';

export interface SimulationOptions {
  seed: number;
  /** How many schedules, and the place of the first among those of the seed. */
  schedules: number;
  from?: number;
  crypto: CryptoPorts;
  parts?: Parts;
}

/** A schedule that broke an invariant. */
export interface Failure {
  /** Its place among the seed's schedules. */
  index: number;
  error: Error;
  /** What is left of its plan when all is left out without which it fails all the same. */
  plan: Plan;
}

/** What a run of many schedules did. */
export interface SimulationReport {
  schedules: number;
  /** 16 hex digits over the traces of all schedules, in order. */
  trace: string;
  elapsedMs: number;
  /** CPU time of the process meanwhile, ms. */
  cpuMs: number;
  blocks: number;
  entries: number;
  epochs: number;
  /** Operations by how they ended. */
  outcomes: Record<string, number>;
  /** Faults by kind. */
  faults: Record<string, number>;
  failure: Failure | null;
}

/** How many schedules are run before the event loop gets a turn. */
const TURN_EVERY = 64;

/** Runs schedules one after the other, up to the first that breaks an invariant; that one is made smaller. */
export async function runSimulation(options: SimulationOptions): Promise<SimulationReport> {
  const { seed, schedules, from = 0, crypto, parts = {} } = options;
  const uninstall = installVirtualTimers();
  const stackTraceLimit = Error.stackTraceLimit;
  // Refusals are errors, and most of what an error costs is its stack.
  Error.stackTraceLimit = 0;
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const trace = new Trace();
  const counts = { schedules: 0, blocks: 0, entries: 0, epochs: 0 };
  const outcomes: Record<string, number> = {};
  const faults: Record<string, number> = {};
  let failure: Failure | null = null;
  try {
    for (let index = from; index < from + schedules && !failure; index++) {
      const plan = makePlan(seedOf(seed, index));
      const result = await runSchedule(plan, crypto, parts);
      counts.schedules += 1;
      counts.blocks += result.blocks;
      counts.entries += result.entries;
      counts.epochs += result.epochs;
      for (const outcome of result.outcomes) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      for (const [kind, count] of result.faults) faults[kind] = (faults[kind] ?? 0) + count;
      for (let at = 0; at < 16; at += 8) trace.add(Number.parseInt(result.trace.slice(at, at + 8), 16) | 0);
      if (result.failure) failure = await minimise(index, plan, result.failure, crypto, parts);
      if (counts.schedules % TURN_EVERY === 0) await realTurn();
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    uninstall();
  }
  const { user, system } = process.cpuUsage(startedCpu);
  const elapsedMs = performance.now() - startedMs;
  return {
    ...counts,
    ...{ trace: trace.digest(), elapsedMs, cpuMs: (user + system) / 1_000 },
    ...{ outcomes, faults, failure },
  };
}

/** The seed of the n-th schedule. */
export const seedOf = (seed: number, index: number): number => mixed(seed, index);

async function minimise(index: number, plan: Plan, error: Error, crypto: CryptoPorts, parts: Parts): Promise<Failure> {
  const smallest = await shrinkPlan(plan, async (smaller) => {
    const { failure } = await runSchedule(smaller, crypto, parts);
    return failure !== null && kindOf(failure) === kindOf(error);
  });
  Error.stackTraceLimit = 20;
  const { failure } = await runSchedule(smallest, crypto, parts);
  return { index, error: failure ?? error, plan: smallest };
}

/** Failures are the same when they break the same invariant, or are the same kind of error. */
function kindOf(error: Error): string {
  if (error instanceof Violation) return error.invariant;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} ${code}` : error.name;
}
