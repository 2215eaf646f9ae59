import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { z } from 'zod';
import { connectNats, natsAccess, type NatsConnection, subscribeBytes } from '#libs/messaging';
import { bytesToHex } from '#libs/protocol';
import type { AdminApiSettings } from '../config.js';
import { executorPart, Parts } from '../core/parts.js';
import { SETTINGS } from '../core/tokens.js';
import { executorState } from '../rollups/rollups.schema.js';
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
  state: executorState,
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
  /** Those that were silent before this process began, and since when. */
  private readonly silentBefore = new Map<string, Date>();
  private readonly startedAt = new Date();
  /** Since when this process hears, without a break; null while it does not. */
  private hearsSince: number | null = null;
  private askedAt = -Infinity;
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

  /** An executor was silent before this process began. */
  remember(chainId: number, key: string, silentSince: Date): void {
    this.silentBefore.set(`${chainId}:${key}`, silentSince);
  }

  /**
   * Whether silence means anything: this process has been connected for as long as an executor may be silent, and has
   * not stood still itself. To be asked again and again.
   * @param now of a clock that never goes back, in ms
   */
  isHearing(now = performance.now()): boolean {
    if (now - this.askedAt > SILENT_MS && this.hearsSince !== null) this.hearsSince = now;
    this.askedAt = now;
    return this.hearsSince !== null && now - this.hearsSince > SILENT_MS;
  }

  /** Since when an executor is silent; null while it speaks. */
  silentSince(chainId: number, key: string, now = Date.now()): Date | null {
    const id = `${chainId}:${key}`;
    const since = this.seen.get(id)?.seenAt ?? this.silentBefore.get(id) ?? this.startedAt;
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

  private hears(): void {
    this.hearsSince ??= performance.now();
    this.parts.works(NATS);
  }

  private hearsNothing(reason: string): void {
    this.hearsSince = null;
    this.parts.failed(NATS, reason);
  }

  private async connect(): Promise<NatsConnection> {
    const nats = await connectNats({
      ...natsAccess(this.settings),
      name: 'lockstep admin-api',
      signal: this.closing.signal,
      onStatus: (status) => {
        if (status.type === 'connected' || status.type === 'reconnected') this.hears();
        if (status.type === 'waiting') this.hearsNothing(status.error.message);
        if (status.type === 'disconnected') this.hearsNothing('the connection is lost');
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
