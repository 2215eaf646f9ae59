import { setTimeout as delay } from 'node:timers/promises';
import { type Cursor, followFeed, type Follower, type VerifiedBlock } from '#libs/executor-sdk';
import type { NatsConnection } from '#libs/messaging';
import { bytesToHex, Decision, entryBody, EntryKind, Prepare } from '#libs/protocol';
import { type FollowerHistory, type FollowerRestart, handedBlock, type HandedBlock } from '../../history/index.js';
import type { Random } from '../plan/random.js';

/** Blocks that a crash may throw the client back by. */
const LOST_BLOCKS_MAX = 20;

/**
 * A subscriber of one rollup's feed that keeps what it was handed. Now and then it "crashes" and begins again from a
 * cursor it stored some blocks before.
 */
export class FeedClient {
  /** The newest block handed over. */
  newest: VerifiedBlock | null = null;
  /** When it came, ms of the monotonic clock. */
  newestAtMs = -Infinity;
  /** Log time minus our monotonic clock, at most, in ms: a block that comes late says less than one in time. */
  logTimeOffsetMs = -Infinity;
  /** What ended it, where something was wrong with the log. */
  failure: Error | null = null;
  /** Operations prepared and not decided, by id, with their deadlines (log time, ms). */
  readonly undecided = new Map<string, number>();
  decided = 0;
  /** When the first block of each epoch came, ms of the monotonic clock. */
  readonly epochsAtMs = new Map<number, number>();
  committed = 0;
  private readonly handed: HandedBlock[] = [];
  private readonly restarts: FollowerRestart[] = [];
  private readonly cursors: Cursor[] = [];
  private readonly seen = new Set<string>();
  private follower: Follower | null = null;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly name: string,
    private readonly chainId: number,
    private readonly nats: NatsConnection,
    private readonly rpcUrl: string,
    private readonly logId: Uint8Array,
    private readonly random: Random,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** Throws away what is on its way and begins again from a stored cursor. */
  crash(): void {
    this.follower?.close();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.follower?.close();
    await this.running;
  }

  history(headMax: number): FollowerHistory {
    // A cut log has no later blocks; a restart cannot lie beyond the cut, as the client was at rest there.
    const handed = this.handed.filter(({ number }) => number <= headMax);
    return { name: this.name, chainId: this.chainId, from: 1, handed, restarts: this.restarts };
  }

  get restartCount(): number {
    return this.restarts.length;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const cursor = this.beginAgain();
      this.follower = followFeed({
        nats: this.nats,
        chainId: this.chainId,
        rpcUrl: this.rpcUrl,
        ...(cursor ? { cursor } : { logId: this.logId }),
      });
      try {
        for await (const block of this.follower) this.take(block);
      } catch (error) {
        this.failure = error as Error;
        return;
      }
      if (!this.stopped) await delay(this.random.between(0, 500));
    }
  }

  private beginAgain(): Cursor | undefined {
    if (this.handed.length === 0) return undefined;
    const back = this.random.between(0, Math.min(LOST_BLOCKS_MAX, this.cursors.length - 1));
    const cursor = this.cursors.at(-1 - back)!;
    this.cursors.length -= back; // what it forgot it has not been handed, should it crash again before
    this.restarts.push({ afterHanded: this.handed.length, cursor: cursor.number });
    return cursor;
  }

  private take(block: VerifiedBlock): void {
    this.handed.push(handedBlock(block));
    this.cursors.push(block.cursor);
    if (this.cursors.length > 2 * LOST_BLOCKS_MAX) this.cursors.shift();
    if (this.newest && block.header.number <= this.newest.header.number) return;
    this.newest = block;
    this.newestAtMs = performance.now();
    this.logTimeOffsetMs = Math.max(this.logTimeOffsetMs, block.header.timestamp - this.newestAtMs);
    if (!this.epochsAtMs.has(block.header.epoch)) this.epochsAtMs.set(block.header.epoch, this.newestAtMs);
    for (const { kind, bytes } of block.entries) {
      if (kind === EntryKind.PREPARE) {
        const { operationId, deadlineMs } = Prepare.deserialize(entryBody(bytes));
        this.undecided.set(bytesToHex(operationId), deadlineMs);
      } else if (kind === EntryKind.DECISION) {
        const { operationId, outcome } = Decision.deserialize(entryBody(bytes));
        const id = bytesToHex(operationId);
        this.undecided.delete(id);
        if (this.seen.has(id)) continue;
        this.seen.add(id);
        this.decided += 1;
        if (outcome === 1) this.committed += 1;
      }
    }
  }
}

/** The newest block that any of them was handed; 0 before the first. */
export const newestOf = (feeds: readonly FeedClient[]): number =>
  Math.max(0, ...feeds.map(({ newest }) => newest?.header.number ?? 0));
