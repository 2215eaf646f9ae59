import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { LogReader } from '#libs/persistence';
import type { Logger } from '#libs/runtime';
import { Database } from '../core/database.js';
import { LOGGER } from '../core/tokens.js';
import { ProblemError } from '../http/problem.js';
import { type BlockEvents, blockEvents } from './block-events.js';
import { shortHash } from './event-id.js';
import { EXECUTOR_CHANGES, IncidentTail, LEADER_INCIDENTS } from './incident-tail.js';

/** How often the head is looked at while somebody listens. */
const POLL_MS = 100;
/** Without a look for so long, what happened meanwhile is not read all at once. */
const STALE_MS = 5_000;
const BLOCKS_READ = 64;
/** Newest blocks whose events are kept in memory, for all streams together. */
const BLOCKS_KEPT = 256;
const EVENTS_KEPT = 20_000;

/**
 * The events of the log as Postgres has it, for all streams of this process: one look at the head every 100 ms while
 * somebody listens, and one read of each new block. Streams that are behind read the past for themselves.
 *
 * It reads Postgres and not the feed: the feed tells of one rollup, knows no audit rows and no incidents, and NATS can
 * be away while the log grows. What is told is durable, the same on every instance, and can be told again at any time.
 */
@Injectable()
export class EventLog implements OnModuleDestroy {
  readonly incidents: IncidentTail;
  readonly executorChanges: IncidentTail;
  /** Consecutive, up to {@link told}. */
  private kept: BlockEvents[] = [];
  private eventsKept = 0;
  private listeners = new Set<() => void>();
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> | null = null;
  private lookedAtMs = -Infinity;
  /** The newest block whose events may be told; null before the first look. */
  private told: { number: number; hash: string } | null = null;
  private headNumber = 0;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.incidents = new IncidentTail(database, LEADER_INCIDENTS);
    this.executorChanges = new IncidentTail(database, EXECUTOR_CHANGES);
  }

  onModuleDestroy(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** Blocks of the log that nobody was told of yet. */
  get lagBlocks(): number {
    return this.told ? this.headNumber - this.told.number : 0;
  }

  /** Is called whenever there is something new, until the returned function is. */
  listen(wake: () => void): () => void {
    this.listeners.add(wake);
    this.timer ??= setInterval(() => this.lookAgain(), POLL_MS);
    return () => {
      this.listeners.delete(wake);
      if (this.listeners.size > 0 || !this.timer) return;
      clearInterval(this.timer);
      this.timer = null;
    };
  }

  /** The newest block that was told, looked up if nobody listens yet. @throws ProblemError when Postgres is away */
  async newest(): Promise<{ number: number; hash: string }> {
    if (!this.timer || !this.told) await this.lookOnce();
    if (this.told) return this.told;
    throw new ProblemError({ code: 'UNAVAILABLE', status: 503, retryAfterS: 1 }, 'The log has not begun yet.');
  }

  /** The hash of a block as ids carry it; null where there is none. Of genesis it is that of the log. */
  async hashOf(number: number): Promise<string | null> {
    if (number === 0) return this.database.read((reader) => genesisHash(reader));
    const row = await this.database.read((reader) => reader.block(number));
    return row ? shortHash(row.hash) : null;
  }

  /** Events of consecutive blocks from a number on; none when they are not there yet. @throws ProblemError */
  async from(number: number): Promise<BlockEvents[]> {
    if (!this.told || number > this.told.number) return [];
    const first = this.kept[0];
    if (first && number >= first.number) return this.kept.slice(number - first.number);
    return this.read(number, Math.min(this.told.number, number + BLOCKS_READ - 1));
  }

  /** Errors wait for the next look. */
  private lookAgain(): void {
    this.lookOnce().catch((err: unknown) => this.logger.debug({ err }, 'events are not read at the moment'));
  }

  /** One look at a time: whoever wants another meanwhile waits for it. */
  private lookOnce(): Promise<void> {
    return (this.looking ??= this.look().finally(() => (this.looking = null)));
  }

  private async look(): Promise<void> {
    // Nobody has listened for a while: begin anew at the head.
    if (performance.now() - this.lookedAtMs > STALE_MS) this.forget();
    this.lookedAtMs = performance.now();
    const head = await this.database.read((reader) => reader.head());
    if (!head) return;
    this.headNumber = head.number;
    const tails = [this.incidents, this.executorChanges];
    let isNew = (await Promise.all(tails.map((tail) => tail.poll(performance.now())))).includes(true);
    this.told ??= { number: head.number, hash: shortHash(head.hash) };
    while (this.told.number < this.headNumber) {
      const blocks = await this.read(this.told.number + 1, Math.min(this.headNumber, this.told.number + BLOCKS_READ));
      const last = blocks.at(-1);
      if (!last) break;
      this.keep(blocks);
      this.told = { number: last.number, hash: last.hash };
      isNew = true;
    }
    if (isNew) for (const wake of this.listeners) wake();
  }

  private forget(): void {
    this.told = null;
    this.kept = [];
    this.eventsKept = 0;
  }

  private keep(blocks: BlockEvents[]): void {
    this.kept.push(...blocks);
    for (const { events } of blocks) this.eventsKept += events.length;
    while (this.kept.length > BLOCKS_KEPT || (this.eventsKept > EVENTS_KEPT && this.kept.length > 1)) {
      this.eventsKept -= this.kept.shift()!.events.length;
    }
  }

  private read(from: number, to: number): Promise<BlockEvents[]> {
    return this.database.read((reader) => readBlockEvents(reader, from, to));
  }
}

/** The events of the blocks `from` to `to`, from Postgres. */
export async function readBlockEvents(reader: LogReader, from: number, to: number): Promise<BlockEvents[]> {
  const rows = await reader.blocks(Math.max(1, from - 1), to);
  const wanted = rows.filter(({ number }) => number >= from);
  const [first, last] = [wanted[0]?.lanes[0], wanted.at(-1)?.lanes[0]];
  if (!first || !last) return [];
  const count = Number(last.firstLaneSequence - first.firstLaneSequence) + last.entryCount;
  const shared = count > 0 ? await reader.sharedEntries(first.firstLaneSequence, count) : [];
  const audits = await reader.auditsOfBlocks(from, wanted.at(-1)!.number);
  return wanted.map((row) => {
    const epoch = rows.find(({ number }) => number === row.number - 1)?.header.epoch ?? null;
    const own = <T extends { blockNumber: number }>(all: T[]): T[] =>
      all.filter(({ blockNumber }) => blockNumber === row.number);
    return blockEvents(row, epoch, own(shared), own(audits));
  });
}

async function genesisHash(reader: LogReader): Promise<string | null> {
  const first = await reader.block(1);
  if (first) return shortHash(first.header.parentHash);
  const head = await reader.head();
  return head ? shortHash(head.hash) : null;
}
