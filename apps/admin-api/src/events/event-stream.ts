import type { ServerResponse } from 'node:http';
import type { Event, EventKind } from './event.schema.js';
import { type EventPosition, formatEventId } from './event-id.js';
import type { EventLog } from './event-log.js';
import { type ExecutorChanges, PendingChanges } from './executor-changes.js';

export interface EventStreamOptions {
  /** Kinds that are told; null for all. */
  kinds: ReadonlySet<EventKind> | null;
  /** Silence after which a comment is sent, in ms. */
  heartbeatMs: number;
  /** A client that has not read what was sent for so long is too slow, in ms. */
  slowMs: number;
}

/** Why a stream ended. */
export type StreamEnd = 'gone' | 'overflow' | 'closed';

const CHUNK_LENGTH_MAX = 64 * 1024;

/**
 * One client's stream of events. It pulls: what the client does not read is not asked for, so nothing piles up here.
 *
 * ```
 *  reading the log ──► writing ──► (nothing new) waiting ──► reading …
 *                         │ the client does not read for slowMs
 *                         └► `event: overflow` with the id to resume from, then the end
 * ```
 * Ids are positions: whoever comes back with the last one gets everything behind it, whatever kinds it asks for. How
 * executors are has no place in any log: it is told without an id, of all of them when a stream begins.
 */
export class EventStream {
  private readonly ended = new AbortController();
  private end: StreamEnd | null = null;
  private wake: () => void = () => undefined;
  private isAwake = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly log: EventLog,
    private readonly executors: ExecutorChanges,
    private position: EventPosition,
    private readonly options: EventStreamOptions,
  ) {
    response.on('close', () => this.close('gone'));
    response.on('error', () => this.close('gone'));
  }

  /** Aborted when the stream has ended. */
  get signal(): AbortSignal {
    return this.ended.signal;
  }

  /** Ends the stream. `closed`: the client is told that it may not come back, or has to come to another process. */
  close(end: StreamEnd, reason?: string): void {
    if (this.end) return;
    this.end = end;
    if (end !== 'gone' && this.response.writable) {
      const data = end === 'overflow' ? { resumeFrom: formatEventId(this.position) } : { reason };
      this.response.end(`event: ${end}\ndata: ${JSON.stringify(data)}\n\n`);
      // Who does not even read the end loses the connection.
      setTimeout(() => this.response.destroy(), this.options.slowMs).unref();
    }
    this.ended.abort();
    this.wake();
  }

  /** Tells events until the client is gone, is too slow, or {@link close} is called. Gives how it ended. */
  async run(): Promise<StreamEnd> {
    const stopListening = this.log.listen(() => this.notify());
    const executors = new PendingChanges(this.executors, () => this.notify());
    try {
      this.response.write(`retry: 1000\nid: ${formatEventId(this.position)}\n\n`);
      while (!this.end) {
        const changes = executors
          .take()
          .map((event) => this.wanted(event))
          .join('');
        if (changes !== '') await this.send(changes);
        const isNew = await this.tellNew().catch(() => false); // Postgres is away: the next look may succeed
        if (!isNew && !this.end && !(await this.waitForNew())) await this.send(this.heartbeat());
      }
    } finally {
      stopListening();
      executors.end();
    }
    return this.end;
  }

  private async tellNew(): Promise<boolean> {
    const { index, number } = this.position;
    const blocks = await this.log.from(index === Infinity ? number + 1 : number);
    const incidents = await this.log.incidents.after(this.position.incident);
    const changes = await this.log.executorChanges.after(this.position.change);
    // From here on nothing is waited for but the client: a position that has moved on was written.
    let chunk = '';
    for (const block of blocks) {
      for (const { index: at, event } of block.events) {
        if (block.number === number && at <= index) continue;
        chunk += this.frame({ ...this.position, number: block.number, hash: block.hash, index: at }, event);
        if (chunk.length > CHUNK_LENGTH_MAX && !(await this.send(chunk))) return false;
        if (chunk.length > CHUNK_LENGTH_MAX) chunk = '';
      }
      this.position = { ...this.position, number: block.number, hash: block.hash, index: Infinity };
    }
    for (const { id, event } of incidents) chunk += this.frame({ ...this.position, incident: id }, event);
    for (const { id, event } of changes) chunk += this.frame({ ...this.position, change: id }, event);
    if (chunk !== '') await this.send(chunk);
    return blocks.length > 0 || incidents.length > 0 || changes.length > 0;
  }

  /** Moves on, and gives what to send; nothing for a kind that is not wanted. */
  private frame(position: EventPosition, event: Event): string {
    this.position = position;
    const text = this.wanted(event);
    return text && `id: ${formatEventId(position)}\n${text}`;
  }

  /** Nothing for a kind that is not wanted. */
  private wanted(event: Event): string {
    if (this.options.kinds && !this.options.kinds.has(event.kind)) return '';
    return `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
  }

  /** Moves the client's last id on as well: what it did not ask for need not be searched again. */
  private heartbeat(): string {
    return `: heartbeat\nid: ${formatEventId(this.position)}\n\n`;
  }

  /** False when the stream has ended. */
  private async send(text: string): Promise<boolean> {
    if (this.end) return false;
    if (this.response.write(text)) return true;
    const hasDrained = await new Promise<boolean>((resolve) => {
      const finish = (drained: boolean): void => {
        clearTimeout(timer);
        this.response.off('drain', onDrain);
        this.signal.removeEventListener('abort', onEnd);
        resolve(drained);
      };
      const onDrain = (): void => finish(true);
      const onEnd = (): void => finish(false);
      const timer = setTimeout(() => finish(false), this.options.slowMs);
      this.response.on('drain', onDrain);
      this.signal.addEventListener('abort', onEnd);
    });
    if (!hasDrained) this.close('overflow');
    return hasDrained;
  }

  private notify(): void {
    this.isAwake = true;
    this.wake();
  }

  /** False when the heartbeat is due. */
  private async waitForNew(): Promise<boolean> {
    if (!this.isAwake) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.options.heartbeatMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.wake = () => undefined;
    const { isAwake } = this;
    this.isAwake = false;
    return isAwake || this.end !== null;
  }
}
