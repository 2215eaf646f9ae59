import type { ArmFailpoint, FailpointName } from '#libs/runtime';
import type { ChaosProcess } from '../network/chaos-process.js';
import type { Phase } from '../plan/cells.js';
import type { Random } from '../plan/random.js';
import type { ChaosContext } from './chaos-context.js';

/** Where operations are held up so that a phase lasts. */
interface Place {
  /** Whichever sequencer leads passes it, or one executor. */
  at: 'sequencers' | 'executor';
  failpoint: FailpointName;
}

const HOLD_PLACES: Readonly<Record<Phase, readonly Place[]>> = {
  P0: [{ at: 'sequencers', failpoint: 'prepare-unsent' }],
  P1: [{ at: 'sequencers', failpoint: 'prepare-durable' }],
  P2: [{ at: 'executor', failpoint: 'vote-unsent' }],
  P3: [
    { at: 'sequencers', failpoint: 'votes-complete' },
    { at: 'sequencers', failpoint: 'decision-unsent' },
  ],
  P4: [{ at: 'sequencers', failpoint: 'decision-durable' }],
  P5: [{ at: 'executor', failpoint: 'decision-arrived' }],
};

const REACH_MS_MAX = 8_000;

export interface HoldOptions {
  /** How long operations stay in the phase, in ms. */
  holdMs?: number;
  /** The executor to hold where a phase needs one; any by default. */
  executor?: ChaosProcess;
}

/**
 * Waits for an operation to reach a phase, holds it there, and acts meanwhile. The load provides operations.
 * @returns whether the phase was reached; `act` is called all the same, so that a fault always strikes
 */
export async function atPhase(
  context: ChaosContext,
  phase: Phase,
  act: (held: ChaosProcess | null) => Promise<void>,
  { holdMs = 500, executor }: HoldOptions = {},
): Promise<boolean> {
  const { network, random } = context;
  const { at, failpoint } = random.pick(HOLD_PLACES[phase]);
  const held = executor ?? random.pick(network.executors).process;
  const processes = at === 'executor' ? [held] : network.sequencers.map(({ process }) => process);
  const hit = await firstHit(processes, { failpoint, action: 'delay', delayMs: holdMs });
  await act(hit);
  return hit !== null;
}

/** Arms the failpoint in all these processes and waits for the first of them to reach it. */
export async function firstHit(
  processes: readonly ChaosProcess[],
  arm: ArmFailpoint,
  timeoutMs = REACH_MS_MAX,
): Promise<ChaosProcess | null> {
  const releases: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  const hit = await new Promise<ChaosProcess | null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs);
    for (const process of processes) {
      releases.push(
        process.onHit(({ failpointHit }) => {
          if (failpointHit === arm.failpoint) resolve(process);
        }),
      );
      process.arm(arm);
    }
  });
  clearTimeout(timer);
  for (const release of releases) release();
  for (const process of processes) if (process !== hit) process.disarm(arm.failpoint);
  return hit;
}

/** Where a leader is struck at a phase by itself, so precisely that nothing happens in between. */
export function strikePlaces(phase: Exclude<Phase, 'P5'>, random: Random): Omit<ArmFailpoint, 'action'> {
  const places: Record<typeof phase, Omit<ArmFailpoint, 'action'>[]> = {
    P0: [
      { failpoint: 'prepare-unsent' },
      { failpoint: 'append-unsent', hit: random.between(1, 20) },
      { failpoint: 'append-unanswered', hit: random.between(1, 20), delayMs: 0 },
      { failpoint: 'append-unanswered', hit: random.between(1, 20), delayMs: 1 },
    ],
    P1: [{ failpoint: 'prepare-durable' }],
    P2: [
      { failpoint: 'vote-counted', hit: 1 },
      { failpoint: 'vote-counted', hit: 2 },
    ],
    P3: [{ failpoint: 'votes-complete' }, { failpoint: 'decision-unsent' }],
    P4: [
      { failpoint: 'decision-durable' },
      { failpoint: 'block-durable', hit: random.between(1, 20) },
      { failpoint: 'block-published', hit: random.between(1, 20), delayMs: 3 },
    ],
  };
  return random.pick(places[phase]);
}
