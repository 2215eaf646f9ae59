import { followFeed, type VerifiedBlock } from '#libs/executor-sdk';
import { connectNats, type NatsConnection } from '#libs/messaging';
import { bytesToHex, Decision, entryBody, EntryKind } from '#libs/protocol';

/** A decision as a follower saw it. */
export interface ObservedDecision {
  decision: Decision;
  block: number;
  /** When it was delivered, ms of this process's monotonic clock. */
  atMs: number;
}

/** What was delivered since it was last asked. */
export interface FeedCounts {
  /** Each entry once for each rollup whose follower was handed it. */
  entries: number;
  transactions: number;
  /** For each slice: wall time of its delivery minus log time of its block. */
  latenciesMs: number[];
}

/**
 * Follows rollups' feeds as any subscriber does, verifying every slice, and remembers what it was handed and when.
 */
export class FeedObserver {
  /** All that was handed over, by rollup. */
  readonly blocks = new Map<number, VerifiedBlock[]>();
  private readonly transactionsAtMs = new Map<string, number>();
  private readonly decisions = new Map<string, ObservedDecision>();
  private readonly waiting = new Map<string, (() => void)[]>();
  private stopped = false;
  private readonly followers: { close(): void }[] = [];
  private failure: Error | null = null;
  private counts: FeedCounts = { entries: 0, transactions: 0, latenciesMs: [] };

  private constructor(
    private readonly connection: NatsConnection,
    private readonly remember: boolean,
  ) {}

  /** @param remember whether to keep all blocks, for the history checker */
  static async start(
    natsUrl: string,
    rpcUrl: string,
    logId: Uint8Array,
    chainIds: readonly number[],
    { remember = true }: { remember?: boolean } = {},
  ): Promise<FeedObserver> {
    const nats = await connectNats({ servers: natsUrl, name: 'observer' });
    const observer = new FeedObserver(nats, remember);
    for (const chainId of chainIds) {
      observer.blocks.set(chainId, []);
      const follower = followFeed({ nats, chainId, logId, rpcUrl });
      observer.followers.push(follower);
      observer.run(chainId, follower).catch((error: Error) => {
        observer.failure = error;
      });
    }
    return observer;
  }

  /** When a transaction was delivered to its rollup's follower (monotonic ms), or undefined. */
  deliveredAtMs(hash: string): number | undefined {
    return this.transactionsAtMs.get(hash);
  }

  /** Waits until a transaction was delivered. */
  async delivered(hash: string, timeoutMs = 20_000): Promise<number> {
    return this.wait(`delivery of ${hash}`, hash, () => this.transactionsAtMs.get(hash), timeoutMs);
  }

  /** Waits until an operation was decided. */
  async decided(id: string, timeoutMs = 30_000): Promise<ObservedDecision> {
    return this.wait(`decision of ${id}`, id, () => this.decisions.get(id), timeoutMs);
  }

  /** The newest block that every follower has been handed. */
  height(): number {
    if (this.failure) throw this.failure;
    return Math.min(...[...this.blocks.values()].map((blocks) => blocks.at(-1)?.header.number ?? 0));
  }

  /** Counts since the last call. */
  takeCounts(): FeedCounts {
    const { counts } = this;
    this.counts = { entries: 0, transactions: 0, latenciesMs: [] };
    return counts;
  }

  /** Ends it; whoever waits gets an error. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const wakes of this.waiting.values()) for (const wake of wakes) wake();
    this.waiting.clear();
    for (const follower of this.followers) follower.close();
    await this.connection.close();
    if (this.failure) throw this.failure;
  }

  private async run(chainId: number, follower: AsyncIterable<VerifiedBlock>): Promise<void> {
    for await (const block of follower) {
      const atMs = performance.now();
      const blocks = this.blocks.get(chainId) ?? [];
      if (this.remember) blocks.push(block);
      else this.blocks.set(chainId, [block]);
      this.counts.entries += block.entries.length;
      this.counts.latenciesMs.push(Date.now() - block.header.timestamp);
      for (const { kind, id, bytes } of block.entries) {
        if (kind === EntryKind.TRANSACTION) {
          this.counts.transactions += 1;
          if (this.remember) this.note(bytesToHex(id), this.transactionsAtMs, atMs);
        }
        if (kind === EntryKind.DECISION) {
          const decision = Decision.deserialize(entryBody(bytes));
          const key = bytesToHex(decision.operationId);
          if (!this.decisions.has(key)) this.note(key, this.decisions, { decision, block: block.header.number, atMs });
        }
      }
    }
  }

  private note<T>(key: string, into: Map<string, T>, value: T): void {
    into.set(key, value);
    const waiting = this.waiting.get(key);
    this.waiting.delete(key);
    for (const wake of waiting ?? []) wake();
  }

  private async wait<T>(what: string, key: string, read: () => T | undefined, timeoutMs: number): Promise<T> {
    const value = read();
    if (value !== undefined) return value;
    if (this.stopped) throw new Error(`the observer was stopped before the ${what}`);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited ${timeoutMs} ms in vain for the ${what}`)), timeoutMs);
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.waiting.set(key, [...(this.waiting.get(key) ?? []), wake]);
    });
    return this.wait(what, key, read, timeoutMs);
  }
}
