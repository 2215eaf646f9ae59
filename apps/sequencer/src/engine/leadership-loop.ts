import type { Leadership } from '#libs/persistence';
import { failpoint, type Logger } from '#libs/runtime';
import type { LeaderTerm } from './leader-term.js';
import { LeaseKeeper } from './lease-keeper.js';
import type { LogState } from './log-state.js';
import type { LogTail } from './log-tail.js';

/** How often a stand-by reads the log and looks at the lease. */
const STANDBY_POLL_MS = 200;
/** Times that a lease is renewed while it lasts. */
const RENEWALS = 3;
/** How long a submission waits for a stand-by to find out who leads. */
const SEARCH_MS_MAX = 1_000;
/** Pause after Postgres did not answer. */
const RETRY_MS = 500;

export interface LeadershipLoopOptions {
  /** Names this process in the leadership row. */
  holder: string;
  /** Where the others forward submissions to. */
  url: string;
  leaseMs: number;
}

export interface LeadershipLoopModules {
  leadership: Leadership;
  logger: Logger;
  openTail: () => LogTail;
  /** Whether this node may lead at all. @throws LockstepError saying why not */
  assertMayLead: (state: LogState) => Promise<void>;
  beginTerm: (epoch: number, state: LogState) => Promise<LeaderTerm>;
  /** The term's log is read: it may serve. */
  onLeading: (term: LeaderTerm) => Promise<void>;
  /** The term is over: whatever waits must be refused. */
  onTermEnd: () => void;
}

/**
 * Takes one epoch after another, and follows the log in between.
 *
 * ```
 *            lease is free: take it, raise the epoch       log read to its end
 *  standby ────────────────────────────────────► loading ─────────────────────► leading
 *   │   ▲                                            │                              │
 *   └───┘ reads the log                              ▼                              │
 *     ▲  Postgres does not answer, or this node may not lead                        │
 *     └── another leads, cannot write, handed over, or memory and log disagree ◄────┘
 * ```
 */
export class LeadershipLoop {
  /** The leader's URL as the leadership row had it when last read; null when this node leads, or nobody did. */
  leaderUrl: string | null = null;
  /** When the log was last read or written to its end, ms of the monotonic clock. */
  caughtUpAtMs = -Infinity;
  private tail: LogTail;
  private current: LeaderTerm | null = null;
  private stopping = false;
  private notBeforeMs = -Infinity;
  private wake: (() => void) | null = null;
  private lastError = '';
  private search: Promise<string | null> | null = null;

  constructor(
    private readonly options: LeadershipLoopOptions,
    private readonly modules: LeadershipLoopModules,
  ) {
    this.tail = modules.openTail();
  }

  /** What is known of the log: the leader's own memory, or what a stand-by has read. */
  get state(): LogState {
    return this.tail.state;
  }

  /** The epoch that this process leads, with the log read; null while it stands by. */
  get term(): LeaderTerm | null {
    return this.current;
  }

  async run(): Promise<void> {
    while (!this.stopping) {
      let pauseMs = STANDBY_POLL_MS;
      try {
        if (await this.standBy()) await this.lead();
        this.lastError = '';
      } catch (err) {
        pauseMs = RETRY_MS;
        this.report(err);
      }
      if (!this.stopping) await this.pause(pauseMs);
    }
  }

  stop(): void {
    this.stopping = true;
    this.current?.stop();
    this.wake?.();
  }

  /** Hands leadership over: ends the term and lets the others try first. False when this process does not lead. */
  transfer(): boolean {
    if (!this.current) return false;
    this.notBeforeMs = performance.now() + this.options.leaseMs;
    this.current.stop();
    return true;
  }

  /**
   * The leader's URL; null when this node leads, or nobody does. A stand-by that knows of none looks at the leadership row
   * at once: another may have begun since it looked last. Without an answer of Postgres within a second: null.
   */
  async findLeader(): Promise<string | null> {
    if (this.current) return null;
    if (this.leaderUrl !== null) return this.leaderUrl;
    this.search ??= this.modules.leadership
      .current()
      .then((current) => this.urlOfOther(current))
      .catch(() => null)
      .finally(() => (this.search = null));
    return within(SEARCH_MS_MAX, this.search);
  }

  /** Reads the log on; true when the lease is free and this node may take it. */
  private async standBy(): Promise<boolean> {
    const { leadership, assertMayLead } = this.modules;
    await this.tail.catchUp();
    this.caughtUpAtMs = performance.now();
    const current = await leadership.current();
    this.leaderUrl = this.urlOfOther(current);
    if (!current.isExpired || performance.now() < this.notBeforeMs) return false;
    await assertMayLead(this.tail.state);
    return true;
  }

  private urlOfOther({ isExpired, url }: { isExpired: boolean; url: string }): string | null {
    return isExpired || url === this.options.url ? null : url;
  }

  private async lead(): Promise<void> {
    const { leadership, beginTerm, onLeading, onTermEnd, openTail, logger } = this.modules;
    const { holder, url, leaseMs } = this.options;
    const taken = await leadership.take(holder, url, leaseMs);
    if (!taken) return;
    const { epoch } = taken;
    const held: { term: LeaderTerm | null; isLost: boolean } = { term: null, isLost: false };
    const onLost = (): void => {
      held.isLost = true;
      held.term?.stop();
    };
    let isMemoryGood = false;
    const keeper = new LeaseKeeper({ epoch, everyMs: leaseMs / RENEWALS }, { leadership, logger, onLost });
    try {
      await failpoint('epoch-raised');
      await this.tail.catchUp();
      await failpoint('log-read');
      const term = await beginTerm(epoch, this.tail.state);
      held.term = term;
      await onLeading(term).catch(async (thrown: unknown) => {
        // Ended like any other, so that it leaves no connection behind.
        term.stop();
        await term.run();
        throw thrown;
      });
      this.current = term;
      if (this.stopping || held.isLost) term.stop();
      const { tip, coordinator } = term.state;
      logger.info({ epoch, head: tip.number, undecided: coordinator.size }, 'leading');
      const end = await term.run();
      isMemoryGood = end !== 'lost_leadership';
      logger.info({ epoch, end }, 'no longer leading');
    } finally {
      keeper.stop();
      this.current = null;
      this.leaderUrl = null;
      // It holds what is durable alone, and spares reading the whole log again; unless the log said otherwise.
      if (!isMemoryGood) this.tail = openTail();
      onTermEnd();
      await leadership.release(epoch).catch((err: unknown) => logger.warn({ err }, 'the lease was not given back'));
    }
  }

  /** The same error is said once, not at every try. */
  private report(err: unknown): void {
    const message = err instanceof Error ? err.message : String(err);
    if (message !== this.lastError) this.modules.logger.error({ err }, 'cannot follow or lead at the moment');
    this.lastError = message;
  }

  private async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** What is promised, or null when it takes longer. */
async function within<T>(ms: number, promised: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)));
  return Promise.race([promised, late]).finally(() => clearTimeout(timer));
}
