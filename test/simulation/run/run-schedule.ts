import { useHashing } from '#libs/protocol';
import { checkReplay } from '../checks/replay-check.js';
import { Violation } from '../checks/violation.js';
import type { CryptoPorts } from '../crypto/crypto-ports.js';
import { type Fault, HEAL_MS, type Plan } from '../plan/plan.js';
import { heal, injectFault } from '../world/inject-fault.js';
import { type Parts, World } from '../world/world.js';

/** How long everything may take to come to rest once all is healed, virtual ms (I26, I27, I28). */
const REST_MS = 12_000;
/** The log of one schedule in so many is executed again. */
const REPLAY_EVERY = 8;

/** What one schedule did. */
export interface ScheduleResult {
  /** 16 hex digits over everything that happened. */
  trace: string;
  /** Null where every invariant held. */
  failure: Error | null;
  /** How each operation ended. */
  outcomes: string[];
  /** Faults that found something to happen to, by kind. */
  faults: Map<string, number>;
  blocks: number;
  entries: number;
  epochs: number;
  /** Virtual ms until rest. */
  lastedMs: number;
}

/** Runs a plan to its end, or to the first violation. Timers must be virtual (`installVirtualTimers`). */
export async function runSchedule(plan: Plan, crypto: CryptoPorts, parts: Parts = {}): Promise<ScheduleResult> {
  useHashing(crypto.hashing);
  const world = new World(plan, crypto, parts);
  const { scheduler, trace } = world;
  const faults = new Map<string, number>();
  world.start();
  for (const step of plan.steps) scheduler.at(step.atMs, null, () => world.guarded(() => world.clients.take(step)));
  for (const fault of plan.faults) {
    scheduler.at(fault.atMs, null, () => {
      if (!injectFault(world, fault)) return;
      faults.set(fault.kind, (faults.get(fault.kind) ?? 0) + 1);
      world.happened(fault.kind, fault.atMs);
    });
  }
  const overMs = Math.max(0, ...plan.steps.map(({ atMs }) => atMs), ...plan.faults.map(endOf));
  // Once the last fault is over, everything may have come to rest before all is healed by force.
  const isOver = (): boolean => world.failure !== null || (scheduler.nowMs > overMs && isAtRest(world));
  const healMs = HEAL_MS[plan.pace];
  await scheduler.run(healMs, isOver);
  const healedAtMs = world.log.head.timestampMs;
  if (!world.failure) {
    heal(world);
    await scheduler.run(healMs + REST_MS, () => world.failure !== null || isAtRest(world));
  }
  if (!world.failure) world.guarded(() => atRest(world, healedAtMs));
  trace.event(scheduler.nowMs, world.log.head.number, world.failure ? 1 : 0);
  return {
    trace: trace.digest(),
    failure: world.failure,
    outcomes: world.checks.outcomes(),
    faults,
    blocks: world.log.blocks.length,
    entries: Number(world.log.head.lastSequence),
    epochs: world.log.head.epoch,
    lastedMs: scheduler.nowMs,
  };
}

/** When a fault is over, virtual ms; a clock stays wrong until it is set right. */
function endOf(fault: Fault): number {
  if ('ms' in fault) return fault.atMs + fault.ms;
  if ('downMs' in fault) return fault.atMs + fault.downMs;
  return fault.atMs;
}

/** Nothing is undecided, everyone is at the head, every submission is answered. */
function isAtRest({ checks, clients, log, executors, health }: World): boolean {
  if (log.blocks.length === 0 || !clients.areDone || health.lostAnswers.length > 0) return false;
  for (const { process } of executors.values()) if (process?.cursor.number !== log.head.number) return false;
  return checks.log.undecidedCount === 0;
}

function atRest(world: World, healedAtMs: number): void {
  const { checks, clients, log, executors, scheduler } = world;
  if (!isAtRest(world)) {
    const open = clients.submissions.filter(({ answer }) => !answer).map(({ name }) => name);
    const cursors = [...executors.values()].map(({ process }) => process?.cursor.number ?? 'none');
    throw new Violation(
      checks.log.undecidedCount > 0 ? 'I26' : open.length > 0 ? 'I28' : 'I27',
      `not at rest ${scheduler.nowMs - HEAL_MS[world.plan.pace]} ms after healing: ${checks.log.undecidedCount} operations undecided, ` +
        `head ${log.head.number}, executors at ${cursors.join(', ')}, unanswered: ${open.join(', ') || 'none'}`,
    );
  }
  checks.atRest(healedAtMs);
  // Doubles the work, so only for some schedules; the seed says for which.
  if (world.plan.seed % REPLAY_EVERY === 0) checkReplay(world);
}
