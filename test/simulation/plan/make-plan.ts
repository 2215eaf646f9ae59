import { Random } from '../support/random.js';
import {
  type Fault,
  FAULT_KINDS,
  type FaultKind,
  type Forgery,
  type Pace,
  type Plan,
  type Step,
  TIME_SCALE,
} from './plan.js';

const FORGERIES: readonly Forgery[] = [
  'foreign_log',
  'wrong_block',
  'wrong_prepare',
  'wrong_key',
  'not_a_participant',
  'bad_reason',
];
/** Jumps of a node's wall clock, ms; those beyond ten minutes keep it from leading until it is set right. */
const JUMPS_MS = [-3_600_000, -5_000, -400, 300, 2_000, 540_000, 3_600_000];

/** How much a schedule of a pace holds: [least, most] of each. */
interface Size {
  /** Places of networks, the small ones more often: they go through as much in less time. */
  topologies: readonly number[];
  writes: readonly [number, number];
  /** Exercises, closes, prices, aborts and pauses. */
  later: readonly [number, number];
  transfers: readonly [number, number];
  faults: readonly [number, number];
}

const SIZES: Readonly<Record<Pace, Size>> = {
  short: {
    topologies: [0, 0, 0, 0, 1, 1, 2, 3, 3, 3],
    writes: [1, 1],
    later: [0, 2],
    transfers: [0, 1],
    faults: [1, 4],
  },
  long: {
    topologies: [0, 0, 0, 0, 1, 1, 1, 2, 3, 3],
    writes: [1, 2],
    later: [0, 3],
    transfers: [0, 3],
    faults: [2, 8],
  },
};

/** The share of schedules that are long. */
const LONG_SHARE = 0.1;

/** The plan that a seed stands for. */
export function makePlan(seed: number): Plan {
  const random = new Random(seed);
  const pace: Pace = random.chance(LONG_SHARE) ? 'long' : 'short';
  const size = SIZES[pace];
  const topology = random.pick(size.topologies);
  const steps = makeSteps(random, size);
  const count = random.between(...size.faults);
  const faults = Array.from({ length: count }, () => makeFault(random, faultTime(random, steps)));
  for (const planned of [...steps, ...faults]) setPace(planned, pace);
  faults.sort((a, b) => a.atMs - b.atMs);
  return { seed, topology, pace, steps, faults };
}

/** Puts it into the time of a pace. */
function setPace(planned: Step | Fault, pace: Pace): void {
  const inPace = (ms: number): number => Math.ceil(ms * TIME_SCALE[pace]);
  planned.atMs = inPace(planned.atMs);
  if ('ms' in planned) planned.ms = inPace(planned.ms);
  if ('downMs' in planned) planned.downMs = inPace(planned.downMs);
}

function makeSteps(random: Random, size: Size): Step[] {
  const steps: Step[] = [{ kind: 'price', atMs: random.between(1, 40), dollars: random.between(1_500, 2_600) }];
  const writes = random.between(...size.writes);
  for (let n = 0; n < writes; n++) steps.push(makeWrite(random));
  const later = random.between(...size.later);
  for (let n = 0; n < later; n++) steps.push(makeLater(random, writes));
  const transfers = random.between(...size.transfers);
  for (let n = 0; n < transfers; n++) {
    steps.push({
      kind: 'transfer',
      atMs: random.between(5, 1_800),
      chain: random.between(0, 3),
      from: random.between(0, 1),
      to: random.between(0, 2),
      amount: random.pick([0, 1, 3, 90]),
    });
  }
  return steps.sort((a, b) => a.atMs - b.atMs);
}

const makeWrite = (random: Random): Step => ({
  kind: 'write',
  atMs: random.between(20, 500),
  series: random.between(0, 2),
  writer: random.between(0, 1),
  buyer: random.between(0, 2),
  pool: random.chance(0.3),
  tenths: random.pick([5, 10, 25, 300, 900]),
  premium: random.pick([0, 50, 5_000]),
});

function makeLater(random: Random, writes: number): Step {
  const of = random.between(0, writes - 1);
  const atMs = random.between(300, 1_900);
  const quarters = random.pick([1, 2, 3, 4, 4, 5]);
  const kind = random.between(0, 9);
  if (kind < 5) return { kind: 'exercise', atMs, of, quarters, patienceMs: random.pick([30, 200, 5_000]) };
  if (kind < 6) return { kind: 'close', atMs, of, quarters, payment: random.pick([0, 100]) };
  if (kind < 8) return { kind: 'price', atMs, dollars: random.between(1_400, 2_700) };
  if (kind < 9) return { kind: 'abort', atMs: random.between(40, 1_000), of: random.between(0, 2) };
  return { kind: 'pause', atMs: random.between(20, 1_000), chain: random.between(0, 3), ms: random.between(20, 600) };
}

/** Mostly while something is under way: an operation is prepared, voted on and decided within some 30 ms. */
function faultTime(random: Random, steps: readonly Step[]): number {
  if (random.chance(0.2)) return random.between(10, 1_700);
  return Math.min(1_700, Math.max(1, random.pick(steps).atMs + random.between(-15, 35)));
}

function makeFault(random: Random, atMs: number): Fault {
  const chain = random.between(0, 3);
  const kind: FaultKind = random.pick(FAULT_KINDS);
  switch (kind) {
    case 'sequencer_crash':
      return { kind, atMs, node: random.chance(0.85) ? 'leader' : 'standby', downMs: random.between(30, 700) };
    case 'sequencer_pause':
      return { kind, atMs, node: random.chance(0.85) ? 'leader' : 'standby', ms: random.between(30, 700) };
    case 'executor_crash':
      return {
        kind,
        atMs,
        chain,
        downMs: random.between(5, 600),
        loseStore: random.chance(0.35),
        moment: random.pick(['now', 'unwritten', 'untold']),
      };
    case 'executor_pause':
      return { kind, atMs, chain, ms: random.between(20, 700) };
    case 'log_refuses':
    case 'log_frozen':
      return { kind, atMs, ms: random.between(20, 500) };
    case 'answer_lost':
      return { kind, atMs, commit: random.pick(['landed', 'lost', 'late']) };
    case 'messages':
      return {
        kind,
        atMs,
        chain,
        link: random.pick(['feed', 'vote', 'client', 'all']),
        ms: random.between(50, 700),
        loss: random.pick([0, 0.3, 1]),
        repeat: random.pick([0, 0.5]),
        delayMs: random.pick([0, 15, 150]),
      };
    case 'clock_jump':
      return { kind, atMs, node: random.between(0, 1), byMs: random.pick(JUMPS_MS) };
    case 'forged_vote':
      return { kind, atMs, how: random.pick(FORGERIES) };
    case 'conflicting_vote':
      return { kind, atMs, chain };
  }
}
