import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { z } from 'zod';
import { connectNats, natsAccess, type NatsConnection, subscribeBytes } from '#libs/messaging';
import { bytesToHex } from '#libs/protocol';
import type { AdminApiSettings } from '../config.js';
import { executorPart, Parts } from '../core/parts.js';
import { SETTINGS } from '../core/tokens.js';
import type { Missing } from '../schema/missing.js';
import { LogView } from './log-view.js';

export const NATS = 'nats';

/** An executor that was not heard of for so long is silent. */
const SILENT_MS = 3_000;
const EXECUTORS_MAX = 64 * 9;

const Status = z.object({
  chainId: z.int().min(1),
  role: z.enum(['voting', 'replica']),
  key: z.string().regex(/^0x[0-9a-f]{40}$/),
  number: z.int().min(0),
  hash: z.string(),
  laneSequences: z.object({ own: z.string(), shared: z.string() }),
  stateRoot: z.string().nullable(),
  rootNumber: z.int().nullable(),
  clock: z.array(z.object({ chainId: z.int(), laneSequence: z.string() })),
  version: z.string(),
  state: z.enum(['following', 'replaying', 'halted']),
  halted: z.object({ code: z.string(), message: z.string(), number: z.int() }).optional(),
});
export type ExecutorStatus = z.output<typeof Status>;

/** The newest status of an executor, and when it came. */
export interface SeenExecutor {
  status: ExecutorStatus;
  seenAt: Date;
}

/**
 * Hears what executors say of themselves once a second on `status.<chainId>`. Anybody on NATS may speak there, so only
 * what the registry knows the key of should be shown as an executor.
 */
@Injectable()
export class ExecutorWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly seen = new Map<string, SeenExecutor>();
  private readonly startedAt = new Date();
  private readonly closing = new AbortController();
  private connecting: Promise<NatsConnection | undefined> | null = null;

  constructor(
    @Inject(SETTINGS) private readonly settings: AdminApiSettings,
    @Inject(Parts) private readonly parts: Parts,
    @Inject(LogView) private readonly view: LogView,
  ) {
    parts.watch(() => this.silentVoting());
  }

  onApplicationBootstrap(): void {
    this.parts.failed(NATS, 'not connected yet');
    this.connecting = this.connect().catch(() => undefined);
  }

  async onModuleDestroy(): Promise<void> {
    this.closing.abort();
    await (await this.connecting)?.close();
  }

  /** Takes in a status. */
  hear(status: ExecutorStatus, seenAt = new Date()): void {
    const id = `${status.chainId}:${status.key}`;
    if (!this.seen.has(id) && this.seen.size >= EXECUTORS_MAX) return;
    this.seen.set(id, { status, seenAt });
  }

  /** What was last heard of an executor. @param key its address in lower case */
  find(chainId: number, key: string): SeenExecutor | undefined {
    return this.seen.get(`${chainId}:${key}`);
  }

  /** Since when an executor is silent; null while it speaks. */
  silentSince(chainId: number, key: string, now = Date.now()): Date | null {
    const since = this.find(chainId, key)?.seenAt ?? this.startedAt;
    return now - since.getTime() > SILENT_MS ? since : null;
  }

  /** Rollups whose voting executor is not heard of. */
  private silentVoting(): Missing[] {
    return (this.view.registry?.rollups ?? []).flatMap(({ chainId, votingKey }) => {
      const since = this.silentSince(chainId, bytesToHex(votingKey));
      const reason = `the voting executor of rollup ${chainId} is silent`;
      return since ? [{ part: executorPart(chainId), since: since.toISOString(), reason }] : [];
    });
  }

  private async connect(): Promise<NatsConnection> {
    const nats = await connectNats({
      ...natsAccess(this.settings),
      name: 'lockstep admin-api',
      signal: this.closing.signal,
      onStatus: (status) => {
        if (status.type === 'connected' || status.type === 'reconnected') this.parts.works(NATS);
        if (status.type === 'waiting') this.parts.failed(NATS, status.error.message);
        if (status.type === 'disconnected') this.parts.failed(NATS, 'the connection is lost');
      },
    });
    subscribeBytes(nats, 'status.*', (bytes, subject) => {
      const { data } = JSON.parse(Buffer.from(bytes).toString()) as { data?: unknown };
      const status = Status.safeParse(data);
      if (status.success && subject === `status.${status.data.chainId}`) this.hear(status.data);
    });
    return nats;
  }
}
