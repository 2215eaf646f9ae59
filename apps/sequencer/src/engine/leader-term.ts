import type { VoteReceipt } from '#libs/atomic-commit';
import type { DigestSigner } from '#libs/crypto';
import { LogClock, type NewEntry, type SealedBlock } from '#libs/ordering';
import type { OutgoingSlice } from '#libs/messaging';
import { LogWriter } from '#libs/persistence';
import type { SignedVote } from '#libs/protocol';
import { failpoint, type Logger, type SequencerMetrics } from '#libs/runtime';
import { BlockLoop, type LoopEnd } from './block-loop.js';
import { buildSlices } from './build-slices.js';
import type { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';

export interface LeaderTermOptions {
  epoch: number;
  databaseUrl: string;
  candidatesMax: number;
  /** A leader that could not write for so long steps down. */
  stepDownMs: number;
}

export interface LeaderTermModules {
  queue: IntakeQueue;
  signer: DigestSigner;
  logger: Logger;
  metrics?: SequencerMetrics | undefined;
  roots: () => NewEntry[];
  /** A block is durable: its slices may leave the process now. */
  onBlock: (block: SealedBlock, slices: OutgoingSlice[], roots: readonly NewEntry[]) => void;
  onWrite: (ok: boolean) => void;
}

/**
 * One epoch of leading: appends to the log. Everything it remembers ends with it.
 */
export class LeaderTerm {
  private readonly loop: BlockLoop;

  private constructor(
    readonly epoch: number,
    readonly state: LogState,
    private readonly writer: LogWriter,
    private readonly clock: LogClock,
    options: LeaderTermOptions,
    modules: LeaderTermModules,
  ) {
    const { queue, signer, logger, metrics, roots, onWrite, onBlock } = modules;
    this.loop = new BlockLoop(
      { epoch, candidatesMax: options.candidatesMax, stepDownMs: options.stepDownMs },
      {
        state,
        queue,
        writer,
        clock: this.clock,
        signer,
        logger,
        metrics,
        roots,
        onWrite,
        onDurable: (block, signature, placed) => onBlock(block, buildSlices(block, signature), placed),
        monotonicMs: () => performance.now(),
        wallMs: () => Date.now(),
      },
    );
  }

  /** Begins an epoch that was taken; `state` has been read to the log's end since. */
  static async begin(options: LeaderTermOptions, state: LogState, modules: LeaderTermModules): Promise<LeaderTerm> {
    const logTimeMs = Math.max(state.tip.timestampMs, Date.now());
    const writer = new LogWriter(options.databaseUrl);
    await writer.connect();
    const clock = new LogClock(logTimeMs, performance.now());
    return new LeaderTerm(options.epoch, state, writer, clock, options, modules);
  }

  /** Appends until {@link stop} or until another leads. */
  async run(): Promise<LoopEnd> {
    try {
      return await this.loop.run();
    } finally {
      await this.writer.close();
    }
  }

  wake(): void {
    this.loop.wake();
  }

  stop(): void {
    this.loop.stop();
  }

  /** A vote arrived. */
  receiveVote(vote: SignedVote): VoteReceipt {
    const receipt = this.state.coordinator.receiveVote(vote);
    if (receipt.status === 'counted') void failpoint('vote-counted');
    if (receipt.status === 'counted') this.loop.wake();
    return receipt;
  }

  /** Log time minus wall time in ms. */
  logTimeOffsetMs(): number {
    return this.clock.offsetMs(Date.now());
  }
}
