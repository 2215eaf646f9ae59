import { ConnectionWatch, type NatsConnection, subscribeBytes } from '#libs/messaging';
import { equalBytes, feedSubject } from '#libs/protocol';
import { type Cursor, genesisCursor } from '../verify/cursor.js';
import { RecentHeaders } from '../verify/recent-headers.js';
import { SliceError } from '../verify/slice-error.js';
import { type VerifiedBlock } from '../verify/verified-block.js';
import { decodeSlice, verifySlice } from '../verify/verify-slice.js';
import { fetchGenesis } from './fetch-genesis.js';
import { LiveBuffer, type LiveBufferOptions } from './live-buffer.js';
import { FirstAnswer, HttpReplay, NatsReplay, type ReplaySource } from './replay-source.js';
import { Wakeup } from './wakeup.js';

/** What a follower does, for logs and metrics. */
export type FollowerEvent =
  | { type: 'replaying'; from: number; why: 'start' | 'gap' | 'overflow' | 'silence' | 'reconnect' | 'bad-slice' }
  | { type: 'following'; number: number }
  | { type: 'replay-failed'; error: Error; attempt: number }
  /** A live slice that did not verify. It is dropped and replayed: anyone may publish, only replay's word is final. */
  | { type: 'bad-slice'; error: SliceError }
  /** The log ends before our cursor: a server that is behind, or one that was restored from a backup. */
  | { type: 'ahead'; number: number; head: number };

export interface FollowOptions {
  nats: NatsConnection;
  chainId: number;
  /** Where to go on; without it from genesis, which is fetched first. */
  cursor?: Cursor;
  /** The log that genesis must be of, where no cursor is given. */
  logId?: Uint8Array;
  /** Replay over HTTP where NATS gives no answer, such as `http://127.0.0.1:8545`. */
  rpcUrl?: string;
  /** Replaces replay over NATS and HTTP. */
  replaySource?: ReplaySource;
  buffer?: LiveBufferOptions;
  /** With no slice for so long, in ms, replay is asked: heartbeats come every second. Default 3,000. */
  silenceMs?: number;
  onEvent?: (event: FollowerEvent) => void;
  /** Gets every slice that arrives live while others are still to be replayed before it. Nothing of it is verified. */
  onAhead?: (bytes: Uint8Array) => void;
}

type ReplayReason = Extract<FollowerEvent, { type: 'replaying' }>['why'];

const SILENCE_MS = 3_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 2_000;

/**
 * Follows a rollup's slices: an async iterator of verified blocks, each exactly once and in order, from a cursor on.
 *
 *     start ─► replaying ──caught up──► following ─┐ next: deliver · older: drop
 *                 ▲                        │  ▲────┘
 *                 └── gap, overflow, ──────┘
 *                     silence, reconnect, bad slice
 *
 * It subscribes before it replays, and keeps what comes live meanwhile, so nothing is missed at the joint. Lost
 * connections and servers that give no answer are waited for, without end. It ends with a SliceError only where the
 * log itself breaks a rule: a replayed slice that does not verify, two signed headers for one height, or a log that goes
 * on otherwise from a block that was handed out (`FORK`).
 */
export class Follower implements AsyncIterable<VerifiedBlock> {
  private readonly live: LiveBuffer;
  private readonly recent = new RecentHeaders();
  private readonly source: ReplaySource;
  private readonly wakeup = new Wakeup();
  private replayReason: ReplayReason | null = 'start';
  /** The log's head as the last replay said, and the block that was handed out last. */
  private headHeard = 0;
  private lastNumber = 0;
  private closed = false;
  private started = false;

  constructor(private readonly options: FollowOptions) {
    const { nats, rpcUrl, replaySource } = options;
    this.live = new LiveBuffer(options.buffer);
    this.source =
      replaySource ??
      new FirstAnswer([new NatsReplay(nats), ...(rpcUrl === undefined ? [] : [new HttpReplay(rpcUrl)])]);
  }

  /** Whether blocks come live; false while they come by replay. */
  get isFollowing(): boolean {
    return this.replayReason === null;
  }

  /** Blocks that are known to exist and were not handed out: by the last replay's head, or live ones that wait. */
  get behindBlocks(): number {
    return this.isFollowing ? this.live.length : Math.max(0, this.headHeard - this.lastNumber);
  }

  /** Ends the iteration, also while it waits. */
  close(): void {
    this.closed = true;
    this.wakeup.notify();
  }

  /** To be iterated once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<VerifiedBlock, void, void> {
    if (this.started) throw new Error('A follower can be iterated once.');
    this.started = true;
    const subscription = this.subscribe();
    new ConnectionWatch(this.options.nats, () => this.askReplay('reconnect'));
    try {
      // Registered at the server before the first replay is asked for; not so when NATS is away, and it will reconnect.
      await this.options.nats.flush().catch(() => undefined);
      let cursor = this.options.cursor ?? (await this.genesis());
      if (cursor?.signedHeader) this.recent.add(cursor.signedHeader);
      this.lastNumber = cursor?.number ?? 0;
      while (cursor && !this.closed) {
        for await (const block of this.replayReason ? this.replay(cursor) : this.followLive(cursor)) {
          cursor = block.cursor;
          this.lastNumber = cursor.number;
          this.recent.add(block.signedHeader);
          yield block;
          if (this.closed) return;
        }
      }
    } finally {
      this.closed = true;
      subscription.unsubscribe();
    }
  }

  private subscribe(): { unsubscribe(): void } {
    return subscribeBytes(this.options.nats, feedSubject(this.options.chainId), (bytes) => {
      if (this.replayReason) this.options.onAhead?.(bytes);
      if (!this.live.push(bytes)) this.askReplay('overflow');
      this.wakeup.notify();
    });
  }

  private askReplay(why: ReplayReason): void {
    this.replayReason ??= why;
    this.wakeup.notify();
  }

  private async genesis(): Promise<Cursor | null> {
    const { chainId, logId } = this.options;
    const genesis = await this.retry(() => fetchGenesis(this.source, chainId, logId));
    return genesis && genesisCursor(genesis, chainId);
  }

  /** Live slices as long as they follow each other; returns when a replay is due. */
  private async *followLive(from: Cursor): AsyncGenerator<VerifiedBlock, void, void> {
    let cursor = from;
    while (!this.closed && !this.replayReason) {
      const slice = this.live.take(cursor.number + 1);
      if (slice.type === 'next') {
        const block = this.verifyLive(cursor, slice.bytes);
        if (!block) return this.askReplay('bad-slice');
        cursor = block.cursor;
        yield block;
      } else if (slice.type === 'older') this.compare(cursor, slice.bytes);
      else if (slice.type === 'gap') this.askReplay('gap');
      else if (!(await this.wakeup.wait(this.options.silenceMs ?? SILENCE_MS))) this.askReplay('silence');
    }
  }

  /** Blocks by replay until the log's head or the joint with what came live. */
  private async *replay(from: Cursor): AsyncGenerator<VerifiedBlock, void, void> {
    let cursor = from;
    this.emit({ type: 'replaying', from: cursor.number + 1, why: this.replayReason! });
    if (this.replayReason === 'start' && cursor.number > 0) await this.checkJoint(cursor);
    while (!this.closed) {
      const request = { from: cursor.number + 1, limit: 0, offset: 0 };
      const answer = await this.retry(() => this.source.replay(cursor.chainId, request));
      if (!answer) return;
      this.headHeard = answer.head;
      for (const bytes of answer.slices) {
        const block = await this.verifyReplayed(cursor, bytes);
        cursor = block.cursor;
        yield block;
      }
      if (answer.slices.length === 0) {
        if (answer.head < cursor.number) this.emit({ type: 'ahead', number: cursor.number, head: answer.head });
        break;
      }
      if (cursor.number >= answer.head) break;
    }
    if (this.dropOlder(cursor) === 'gap') {
      // The server that answered is behind what is published; ask again, but not without a pause.
      await this.pause(RETRY_MS_MIN);
      this.replayReason = 'gap';
      return;
    }
    this.replayReason = null;
    this.emit({ type: 'following', number: cursor.number });
  }

  /** Makes sure that the log is still ours and holds the block at which a stored cursor stands. */
  private async checkJoint(cursor: Cursor): Promise<void> {
    const request = { from: cursor.number, limit: 1, offset: 0 };
    const answer = await this.retry(() => this.source.replay(cursor.chainId, request));
    const bytes = answer?.slices[0];
    if (bytes && equalBytes(decodeSlice(bytes).header.logId, cursor.logId)) this.compare(cursor, bytes);
    else await this.retry(() => fetchGenesis(this.source, cursor.chainId, cursor.logId));
  }

  private dropOlder(cursor: Cursor): 'gap' | 'joined' {
    for (;;) {
      const number = this.live.peek();
      if (number === null || number === cursor.number + 1) return 'joined';
      if (number > cursor.number + 1) return 'gap';
      const slice = this.live.take(cursor.number + 1);
      if (slice.type === 'older') this.compare(cursor, slice.bytes);
    }
  }

  /** A block that does not follow ours may be of another branch: then say so, by what stands at our own height. */
  private async verifyReplayed(cursor: Cursor, bytes: Uint8Array): Promise<VerifiedBlock> {
    try {
      return verifySlice(cursor, bytes);
    } catch (error) {
      if (error instanceof SliceError && error.code === 'PARENT_HASH') await this.checkJoint(cursor);
      throw error;
    }
  }

  private verifyLive(cursor: Cursor, bytes: Uint8Array): VerifiedBlock | null {
    try {
      return verifySlice(cursor, bytes);
    } catch (error) {
      if (!(error instanceof SliceError)) throw error;
      this.emit({ type: 'bad-slice', error });
      return null;
    }
  }

  /** A slice of a height that was handed out before: the same block is dropped, another one signed ends the iteration. */
  private compare(cursor: Cursor, bytes: Uint8Array): void {
    let slice;
    try {
      slice = decodeSlice(bytes);
    } catch {
      return;
    }
    this.recent.assertSame({ header: slice.header, signature: slice.signature }, cursor);
  }

  /** Repeats until it works, or null when the follower was closed. What the log itself gets wrong is not repeated. */
  private async retry<T>(attemptOnce: () => Promise<T>): Promise<T | null> {
    for (let attempt = 1; !this.closed; attempt++) {
      try {
        return await attemptOnce();
      } catch (error) {
        if (error instanceof SliceError) throw error;
        this.emit({ type: 'replay-failed', error: error as Error, attempt });
        await this.pause(Math.min(RETRY_MS_MIN * 2 ** (attempt - 1), RETRY_MS_MAX));
      }
    }
    return null;
  }

  /** Waits for a time; live slices do not end it, closing does. */
  private async pause(timeMs: number): Promise<void> {
    const end = performance.now() + timeMs;
    for (let left = timeMs; left > 0 && !this.closed; left = end - performance.now()) await this.wakeup.wait(left);
  }

  private emit(event: FollowerEvent): void {
    this.options.onEvent?.(event);
  }
}

/** Follows a rollup's slices from a cursor, or from genesis: `for await (const block of followFeed({…})) …`. */
export const followFeed = (options: FollowOptions): Follower => new Follower(options);
