import { type LogClock, type NewEntry, type SealedBlock } from '#libs/ordering';
import { type DurableBlock, LogWriteError, type LogWriter } from '#libs/persistence';
import { commitmentDigest } from '#libs/protocol';
import { failpoint, type Logger, type SequencerMetrics } from '#libs/runtime';
import { blockFailpoints } from './block-failpoints.js';
import { buildBlock, type BuiltBlock } from './block-builder.js';
import type { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { SubmissionError } from './submission-error.js';

/** A block with nothing to append is written so often, so that log time moves on. */
const HEARTBEAT_MS = 1000;
/** Pause before a failed write is tried again: it doubles up to the second value. */
const RETRY_MS = 50;
const RETRY_MS_MAX = 1000;
/** How long submissions wait for writes to succeed again. */
const PATIENCE_MS = 2000;

export interface BlockLoopOptions {
  epoch: number;
  /** Candidates that one block takes at most. */
  candidatesMax: number;
  /** A leader that could not write for so long steps down, in ms. */
  stepDownMs: number;
}

export interface BlockLoopModules {
  state: LogState;
  queue: IntakeQueue;
  writer: LogWriter;
  clock: LogClock;
  signer: { address: Uint8Array; sign(digest: Uint8Array): Uint8Array };
  logger: Logger;
  metrics?: SequencerMetrics | undefined;
  /** State roots that wait for a block. */
  roots: () => NewEntry[];
  /** Called once a block is durable and taken into the state, before its candidates are told. */
  onDurable: (block: SealedBlock, signature: Uint8Array, roots: readonly NewEntry[]) => void;
  /** Called after each failed and each good write, for readiness. */
  onWrite: (ok: boolean) => void;
  monotonicMs: () => number;
  wallMs: () => number;
}

/** Why the loop ended. */
export type LoopEnd = 'stopped' | 'lost_leadership' | 'cannot_write';

/**
 * Appends blocks while this process leads, one after the other: a block is cut when there is something to append and
 * the previous write has finished (group commit).
 *
 * ```
 *          work or heartbeat         durable
 *  idle ─────────────────────► writing ──────► idle
 *                                │  ▲
 *         not written, no answer └──┘ rebuilt with a new timestamp
 *                                │ head says otherwise, or a unique key is violated
 *                                ▼
 *                              ended: memory disagrees with the log, it must be read again
 * ```
 */
export class BlockLoop {
  private stopping = false;
  private awake: (() => void) | null = null;
  private lastBlockAtMs = -Infinity;
  /** Since when writes have failed, ms of the monotonic clock; null while they succeed. */
  private failingSinceMs: number | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: BlockLoopOptions,
    private readonly modules: BlockLoopModules,
  ) {}

  /** Something may be there to append. Cheap; may be called often. */
  wake(): void {
    const awake = this.awake;
    this.awake = null;
    // What comes in within the same turn of the event loop goes into the same block.
    if (awake) setImmediate(awake);
  }

  /** Ends the loop after the write that is under way. */
  stop(): void {
    this.stopping = true;
    this.wake();
  }

  /** Runs until {@link stop} or until this process does not lead any more. */
  async run(): Promise<LoopEnd> {
    while (!this.stopping) {
      await this.workOrHeartbeat();
      if (this.stopping) break;
      if (this.modules.state.coordinator.canDecide(0)) await failpoint('votes-complete');
      const end = await this.appendOne();
      if (end) return end;
    }
    return 'stopped';
  }

  private async appendOne(): Promise<LoopEnd | null> {
    const built = this.build();
    if (this.isNotWorthABlock(built)) return null;
    const { sealed } = built;
    const digest = commitmentDigest(this.modules.state.logId, 'header', sealed.hash);
    const signature = this.modules.signer.sign(digest);
    await blockFailpoints('unsent', built);
    const outcome = await this.write(durableBlock(sealed, signature), built);
    if (outcome === 'written') {
      this.failingSinceMs = null;
      this.lastBlockAtMs = this.modules.monotonicMs();
      this.modules.onWrite(true);
      await blockFailpoints('durable', built);
      await this.settle(built, signature);
      return null;
    }
    const candidates = built.placed.map(({ candidate }) => candidate);
    if (outcome === 'failed' && this.hasRunOutOfPatience()) {
      for (const candidate of candidates) candidate.refused(SubmissionError.cannotWrite());
    } else {
      this.modules.queue.putBack(candidates);
    }
    return outcome === 'failed' || outcome === 'absent' ? null : outcome;
  }

  /** Whoever was to be in it was refused, and log time needs no heartbeat yet. State roots cut no block either. */
  private isNotWorthABlock({ sealed, placed, roots, refusedCount }: BuiltBlock): boolean {
    const isEmpty = placed.length === 0 && sealed.entries.length === roots.length;
    return isEmpty && refusedCount > 0 && !this.isHeartbeatDue();
  }

  private isHeartbeatDue(): boolean {
    return this.modules.monotonicMs() - this.lastBlockAtMs >= HEARTBEAT_MS;
  }

  private build(): BuiltBlock {
    const { state, queue, clock, signer, roots, logger, monotonicMs, wallMs } = this.modules;
    const { epoch, candidatesMax } = this.options;
    const timestampMs = Math.max(clock.at(monotonicMs(), wallMs()), state.tip.timestampMs);
    return buildBlock(state, queue, roots(), { timestampMs, epoch, leader: signer.address, candidatesMax, logger });
  }

  /** Writes until the outcome is known; nobody is answered before. */
  private async write(block: DurableBlock, { extras }: BuiltBlock): Promise<WriteOutcome> {
    const { writer, logger, metrics, monotonicMs } = this.modules;
    const { number } = block.header;
    const beganAtMs = monotonicMs();
    let unknown = false;
    for (let pauseMs = RETRY_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MS_MAX)) {
      try {
        if (unknown) return await writer.outcomeOf(block);
        const appended = metrics?.log.append.startTimer();
        const [result] = await Promise.all([writer.append(block, extras), failpoint('append-unanswered')]);
        appended?.();
        // `own`: durable by an earlier try. Whether we still lead, the next append tells.
        if (result.status !== 'conflict') return 'written';
        logger.error({ number, head: result.head }, 'the head of the log is not what this leader remembers');
        return 'lost_leadership';
      } catch (thrown) {
        if (!(thrown instanceof LogWriteError)) throw thrown;
        metrics?.log.appendFailures.inc({ code: thrown.code });
        logger.warn({ number, code: thrown.code, err: thrown }, 'a block could not be written');
        if (thrown.code === 'UNIQUE_VIOLATION') return 'lost_leadership';
        this.hasFailed(beganAtMs);
        if (this.stopping || this.failingMs() >= this.options.stepDownMs) return 'cannot_write';
        // What is in the block may be in the log, so it is told nothing yet; what only waits is surely not.
        if (this.hasRunOutOfPatience()) this.modules.queue.refuseAll(SubmissionError.cannotWrite());
        await pause(pauseMs);
        if (thrown.code === 'WRITE_FAILED') return 'failed';
        unknown = true;
      }
    }
  }

  /** @param beganAtMs when the write that failed was sent: one that hangs has failed for so long */
  private hasFailed(beganAtMs: number): void {
    this.failingSinceMs ??= beganAtMs;
    this.modules.onWrite(false);
  }

  private failingMs(): number {
    return this.failingSinceMs === null ? 0 : this.modules.monotonicMs() - this.failingSinceMs;
  }

  /** Whoever sent something may rather know than wait on. */
  private hasRunOutOfPatience(): boolean {
    return this.failingMs() >= PATIENCE_MS;
  }

  private async settle({ sealed, placed, roots, extras }: BuiltBlock, signature: Uint8Array): Promise<void> {
    const { state, onDurable } = this.modules;
    state.tip = sealed.nextTip;
    state.applyAudits(extras.audits ?? []);
    state.apply(sealed.entries, sealed.nextTip);
    onDurable(sealed, signature, roots);
    await failpoint('block-published');
    const first = sealed.header.firstSequence;
    for (const { candidate, sequence } of placed) {
      candidate.durable(sequence === null ? null : (sealed.entries[Number(sequence - first)] ?? null), sealed);
    }
  }

  /** Waits until there is something to append, a deadline has passed, or a heartbeat is due. */
  private async workOrHeartbeat(): Promise<void> {
    const { state, queue, clock, monotonicMs, wallMs } = this.modules;
    for (;;) {
      const nowMs = monotonicMs();
      const logMs = clock.at(nowMs, wallMs());
      const waitMs = Math.min(
        this.lastBlockAtMs + HEARTBEAT_MS - nowMs,
        state.coordinator.nextDeadlineMs() + 1 - logMs,
      );
      if (this.stopping || waitMs <= 0 || queue.size > 0 || state.coordinator.canDecide(logMs)) return;
      await new Promise<void>((resolve) => {
        this.awake = resolve;
        this.timer = setTimeout(() => this.wake(), Math.ceil(waitMs));
      });
      if (this.timer) clearTimeout(this.timer);
    }
  }
}

/** Field by field: a spread makes V8 change the object's shape for each of them. */
const durableBlock = ({ header, hash, lanes, entries }: SealedBlock, signature: Uint8Array): DurableBlock => ({
  header,
  hash,
  lanes,
  entries,
  signature,
});

/** `failed`: not written, and Postgres said so. `absent`: found out later, so it answers again. */
type WriteOutcome = 'written' | 'failed' | 'absent' | 'lost_leadership' | 'cannot_write';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
