import { vi } from 'vitest';
import { LogClock } from '#libs/ordering';
import { BlockLoop, type LoopEnd } from '../block-loop.js';
import { IntakeQueue } from '../intake-queue.js';
import type { LogState } from '../log-state.js';
import { FakeCandidate } from './fake-candidate.js';
import { FakeWriter } from './fake-writer.js';
import { SilentLogger } from './silent-logger.js';
import { newState, SEQUENCER_KEY, sign, START_MS } from './world.js';

export const STEP_DOWN_MS = 6_000;

/** A block loop on fake timers, with a writer that does as the test says. Wall time is the timers' time. */
export class LoopRig {
  readonly state: LogState = newState();
  readonly writer = new FakeWriter();
  readonly queue = new IntakeQueue(100, () => this.loop.wake());
  /** What the loop said of each write. */
  readonly writes: boolean[] = [];
  end: LoopEnd | Error | null = null;
  readonly loop: BlockLoop;

  constructor() {
    // A faked setImmediate would take a millisecond.
    vi.useFakeTimers({ now: START_MS, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    this.loop = new BlockLoop(
      { epoch: 1, candidatesMax: 50, stepDownMs: STEP_DOWN_MS },
      {
        state: this.state,
        queue: this.queue,
        writer: this.writer.port,
        clock: new LogClock(START_MS, performance.now()),
        signer: { address: SEQUENCER_KEY, sign: (digest) => sign(SEQUENCER_KEY, digest) },
        logger: new SilentLogger().port,
        roots: () => [],
        onDurable: () => undefined,
        onWrite: (ok) => this.writes.push(ok),
        monotonicMs: () => performance.now(),
        wallMs: () => Date.now(),
      },
    );
  }

  /** Runs the loop; its first block is the heartbeat that shows it leads. */
  async start(): Promise<void> {
    void this.loop.run().then(
      (how) => (this.end = how),
      (thrown: Error) => (this.end = thrown),
    );
    await this.after(0);
  }

  async after(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  offer(): FakeCandidate {
    const candidate = new FakeCandidate();
    this.queue.push(candidate);
    return candidate;
  }

  /** Log time of each block that was tried, from the start. */
  times(): number[] {
    return this.writer.appends.map(({ header }) => header.timestamp - START_MS);
  }

  async close(): Promise<void> {
    this.loop.stop();
    this.writer.release('written');
    await this.after(2_000);
    vi.useRealTimers();
  }
}
