import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type ApiKey, ApiKeys, type Authentication } from '#libs/persistence';
import { Database } from '../core/database.js';
import { ProblemError } from '../http/problem.js';
import type { AccessLevel } from './access.decorator.js';
import { RecentKeys } from './recent-keys.js';

/** How often the keys of open event streams, and those that have lately read, are looked at. */
const WATCH_MS = 1_000;

/** Whose keys count, and until when. */
@Injectable()
export class AccessService implements OnModuleDestroy {
  /** Streams that a key has opened, by its id. */
  private readonly streams = new Map<string, Set<AbortController>>();
  private timer: NodeJS.Timeout | null = null;
  private readonly recent = new RecentKeys();

  constructor(@Inject(Database) private readonly database: Database) {}

  /**
   * The key whose text this is. One that reads time and again is looked at once a second and not each time; while Postgres
   * is away a key that it has lately vouched for may read.
   * @param level what it is for
   * @throws ProblemError 401; `UNAVAILABLE` when Postgres is away
   */
  async authenticate(text: string, level: AccessLevel): Promise<ApiKey> {
    const current = level === 'viewer' ? this.recent.current(text) : null;
    if (current) return current;
    const found = await this.ask(text).catch((thrown: unknown) => this.recentKey(text, level, thrown));
    switch (found.status) {
      case 'valid':
        return found.key;
      case 'expired':
        throw unauthorized('KEY_EXPIRED', 'This API key has expired.');
      case 'revoked':
        throw unauthorized('KEY_REVOKED', 'This API key was revoked.');
      case 'unknown':
        throw unauthorized('KEY_INVALID', 'This is no API key of this network.');
    }
  }

  /**
   * A signal for something that lives longer than a request, such as an event stream: it is aborted within about a
   * second of the key's end (revoked or expired). While Postgres is away nothing is known, and streams go on.
   *
   * @param keyId of the caller's key
   * @param closed aborted when the stream has ended by itself: it is watched no longer
   */
  watch(keyId: string, closed: AbortSignal): AbortSignal {
    const ended = new AbortController();
    const streams = this.streams.get(keyId) ?? new Set();
    this.streams.set(keyId, streams.add(ended));
    this.startLooking();
    closed.addEventListener('abort', () => this.forget(keyId, ended), { once: true });
    if (closed.aborted) this.forget(keyId, ended);
    return ended.signal;
  }

  onModuleDestroy(): void {
    this.stopLooking();
    this.streams.clear();
  }

  private async ask(text: string): Promise<Authentication> {
    const found = await this.database.use((source) => new ApiKeys(source).authenticate(text));
    if (found.status === 'valid') {
      this.recent.vouched(text, found.key);
      this.startLooking();
    } else this.recent.refused(text);
    return found;
  }

  private recentKey(text: string, level: AccessLevel, thrown: unknown): Authentication {
    const isAway = thrown instanceof ProblemError && thrown.type.status === 503;
    const key = isAway && level === 'viewer' ? this.recent.find(text) : null;
    if (key) return { status: 'valid', key };
    throw thrown;
  }

  private startLooking(): void {
    this.timer ??= setInterval(() => void this.look(), WATCH_MS);
  }

  private async look(): Promise<void> {
    const now = performance.now();
    const ids = [...new Set([...this.streams.keys(), ...this.recent.usedSince(now - 2 * WATCH_MS)])];
    if (ids.length === 0) return this.stopLooking();
    const ended = await this.database.use((source) => new ApiKeys(source).endedAmong(ids)).catch(() => null);
    if (!ended) return;
    this.recent.looked(ids, ended, now);
    for (const id of ended) {
      for (const stream of this.streams.get(id) ?? []) {
        stream.abort();
        this.forget(id, stream);
      }
    }
  }

  private stopLooking(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private forget(keyId: string, stream: AbortController): void {
    const streams = this.streams.get(keyId);
    streams?.delete(stream);
    if (streams?.size === 0) this.streams.delete(keyId);
  }
}

export const unauthorized = (code: string, detail: string): ProblemError =>
  new ProblemError(
    { code, status: 401 },
    detail,
    'Send a key as `Authorization: Bearer lsk_…`; `lockstep api-key create` makes one.',
  );
