import type { ServerResponse } from 'node:http';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { AdminApiMetrics } from '#libs/runtime';
import { AccessService } from '../access/access.service.js';
import type { AdminApiSettings } from '../config.js';
import { METRICS, SETTINGS } from '../core/tokens.js';
import { ProblemError } from '../http/problem.js';
import { ExecutorMonitor } from '../incidents/executor-monitor.js';
import type { EventKind } from './event.schema.js';
import { type EventPosition, parseEventId } from './event-id.js';
import { EventLog } from './event-log.js';
import { EventStream } from './event-stream.js';

const HEARTBEAT_MS = 10_000;
const SLOW_MS = 5_000;

export interface StreamRequest {
  kinds: readonly string[] | undefined;
  lastEventId: string | undefined;
  fromBlock: number | undefined;
  /** Of the caller's key; null without one. */
  keyId: string | null;
}

/** The open streams of events of this process. */
@Injectable()
export class EventsService implements OnModuleDestroy {
  private readonly streams = new Set<EventStream>();
  private opening = 0;

  constructor(
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(ExecutorMonitor) private readonly executors: ExecutorMonitor,
    @Inject(AccessService) private readonly access: AccessService,
    @Inject(SETTINGS) private readonly settings: AdminApiSettings,
    @Inject(METRICS) private readonly metrics: AdminApiMetrics,
  ) {}

  get open(): number {
    return this.streams.size;
  }

  onModuleDestroy(): void {
    for (const stream of this.streams) stream.close('closed', 'this process stops');
  }

  /**
   * Opens a stream.
   * @param respond begins the answer; called once nothing can be refused any more
   * @throws ProblemError `TOO_MANY_STREAMS`, `EVENT_ID_INVALID`, `EVENT_ID_LOST`, `UNAVAILABLE`
   */
  async stream(request: StreamRequest, respond: () => ServerResponse): Promise<void> {
    const streamsMax = this.settings.ADMIN_EVENT_STREAMS_MAX;
    if (this.streams.size + this.opening >= streamsMax) {
      const detail = `${streamsMax} streams are open, and no more are taken.`;
      throw new ProblemError({ code: 'TOO_MANY_STREAMS', status: 503, retryAfterS: 5 }, detail, 'Close one.');
    }
    this.opening++;
    let position: EventPosition;
    try {
      position = await this.begin(request);
    } finally {
      this.opening--;
    }
    const kinds = request.kinds ? new Set(request.kinds as EventKind[]) : null;
    const options = { kinds, heartbeatMs: HEARTBEAT_MS, slowMs: SLOW_MS };
    const stream = new EventStream(respond(), this.log, this.executors, position, options);
    this.streams.add(stream);
    if (request.keyId !== null) {
      const revoked = this.access.watch(request.keyId, stream.signal);
      revoked.addEventListener('abort', () => stream.close('closed', 'the API key is not valid any more'));
    }
    const end = await stream.run();
    this.streams.delete(stream);
    if (end === 'overflow') this.metrics.overflows.inc();
  }

  private async begin({ lastEventId, fromBlock }: StreamRequest): Promise<EventPosition> {
    const newest = await this.log.newest();
    const settled = { incident: this.log.incidents.settled, change: this.log.executorChanges.settled };
    if (lastEventId !== undefined && lastEventId !== '') return this.resume(lastEventId);
    if (fromBlock === undefined) return { ...newest, index: Infinity, ...settled };
    const number = Math.min(fromBlock - 1, newest.number);
    return { number, hash: (await this.log.hashOf(number)) ?? '00000000', index: Infinity, ...settled };
  }

  private async resume(text: string): Promise<EventPosition> {
    const position = parseEventId(text);
    if (!position) {
      throw new ProblemError({ code: 'EVENT_ID_INVALID', status: 400 }, 'Last-Event-ID is no id of this API.');
    }
    if ((await this.log.hashOf(position.number)) === position.hash) return position;
    throw new ProblemError(
      { code: 'EVENT_ID_LOST', status: 409 },
      `The log has another block ${position.number} than the one that ${text} names, or none.`,
      'The log was restored: begin anew with fromBlock.',
    );
  }
}
