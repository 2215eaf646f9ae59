import { type AppendResult, type BlockExtras, type DurableBlock, LogWriteError } from '#libs/persistence';
import { equalBytes } from '#libs/protocol';
import type { Owner } from '../support/scheduler.js';
import type { LogStore } from './log-store.js';
import type { World } from './world.js';

/** What happens to the next append: whether its commit happens although the answer is lost, and when. */
export type LostAnswer = 'landed' | 'lost' | 'late';

/** A read that the database did not answer: whoever submitted is told of an internal error. */
export class DatabaseDownError extends Error {}

/** How Postgres is, until when (virtual ms). */
export class DatabaseHealth {
  /** Refuses what it is asked. */
  refusesUntilMs = -1;
  /** Takes what it is asked and answers when this is over. */
  frozenUntilMs = -1;
  /** The answers to the next appends get lost. */
  readonly lostAnswers: LostAnswer[] = [];
}

/** How long a client waits for an answer, ms. */
const STATEMENT_MS = 120;

/**
 * A leader's connection to the log, by the contract of the log writer: an append whose answer is lost may be in the log,
 * may not, or may still get there; once `outcomeOf` has said `absent`, it never will.
 */
export class LogConnection {
  private lateBlock: { cancel(): void } | null = null;

  constructor(
    private readonly world: World,
    private readonly log: LogStore,
    private readonly owner: Owner,
  ) {}

  append(block: DurableBlock, extras: BlockExtras): Promise<AppendResult> {
    const { world, owner } = this;
    const { health, scheduler } = world;
    const { number } = block.header;
    const arrivesMs = world.latencyMs('append');
    return new Promise((resolve, reject) => {
      const answer = (afterMs: number, give: () => void): void => void scheduler.after(afterMs, owner, give);
      scheduler.after(arrivesMs, null, () => {
        if (health.refusesUntilMs > scheduler.nowMs) {
          const error = new LogWriteError({ code: 'WRITE_FAILED', number }, 'refused');
          answer(1, () => reject(error));
          return;
        }
        const lost = health.frozenUntilMs > scheduler.nowMs ? 'late' : health.lostAnswers.shift();
        if (!lost) return this.carryOut(block, extras, answer, resolve, reject);
        if (lost === 'landed') this.tryAppend(block, extras);
        if (lost === 'late') {
          const atMs = Math.max(health.frozenUntilMs, scheduler.nowMs + 2 * STATEMENT_MS);
          this.lateBlock = scheduler.at(atMs, null, () => this.tryAppend(block, extras));
        }
        const error = new LogWriteError({ code: 'OUTCOME_UNKNOWN', number }, 'no answer');
        answer(STATEMENT_MS, () => reject(error));
      });
    });
  }

  outcomeOf(block: DurableBlock): Promise<'written' | 'absent'> {
    const { world, log, owner } = this;
    const { health, scheduler } = world;
    return new Promise((resolve, reject) => {
      scheduler.after(world.latencyMs('outcome'), null, () => {
        if (Math.max(health.refusesUntilMs, health.frozenUntilMs) > scheduler.nowMs) {
          const error = new LogWriteError({ code: 'OUTCOME_UNKNOWN', number: block.header.number }, 'no answer');
          scheduler.after(STATEMENT_MS, owner, () => reject(error));
          return;
        }
        // The lost session is ended first: nothing of it is written after this.
        this.lateBlock?.cancel();
        const kept = log.blocks[block.header.number - 1];
        const outcome = kept && equalBytes(kept.hash, block.hash) ? 'written' : 'absent';
        scheduler.after(1, owner, () => resolve(outcome));
      });
    });
  }

  private carryOut(
    block: DurableBlock,
    extras: BlockExtras,
    answer: (afterMs: number, give: () => void) => void,
    resolve: (result: AppendResult) => void,
    reject: (error: unknown) => void,
  ): void {
    try {
      const result = this.log.append(block, extras);
      answer(1, () => resolve(result));
    } catch (error) {
      if (!(error instanceof LogWriteError)) return this.world.fail(error);
      answer(1, () => reject(error));
    }
  }

  /** An append that nobody hears of. */
  private tryAppend(block: DurableBlock, extras: BlockExtras): void {
    try {
      this.log.append(block, extras);
    } catch (error) {
      if (!(error instanceof LogWriteError)) this.world.fail(error);
    }
  }
}
