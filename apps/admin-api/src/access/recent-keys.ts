import { createHash } from 'node:crypto';
import type { ApiKey } from '#libs/persistence';

/** How long a key is remembered after Postgres last vouched for it, and how many are. */
const REMEMBER_MS = 900_000;
const KEYS_MAX = 1_024;
/** How long it reads without being looked at again. */
const CURRENT_MS = 1_500;

interface RecentKey {
  key: ApiKey;
  /** When it last counted, and when it was last used, ms of the monotonic clock. */
  atMs: number;
  usedMs: number;
}

/**
 * Keys that Postgres has lately vouched for; nothing but reads is ever allowed by this.
 *
 * - Those in use are looked at together, once a second, rather than each at each request: a key that is revoked reads on
 *   for at most a second and a half.
 * - While Postgres is away they may go on reading: those who watch the network need to see most what is missing just
 *   then. A key that is revoked meanwhile reads on until Postgres is back, or for a quarter of an hour at most.
 */
export class RecentKeys {
  /** By the hash of the key's text: neither the text nor its secret is kept. */
  private readonly keys = new Map<string, RecentKey>();

  /**
   * @param nowMs the monotonic clock in ms: a wall clock that is set back makes no key younger
   * @param wallMs the wall clock, which expiries go by
   */
  constructor(
    private readonly nowMs: () => number = () => performance.now(),
    private readonly wallMs: () => number = () => Date.now(),
  ) {}

  vouched(text: string, key: ApiKey): void {
    const id = hashOf(text);
    this.keys.delete(id);
    const [oldest] = this.keys.keys();
    if (this.keys.size >= KEYS_MAX && oldest !== undefined) this.keys.delete(oldest);
    const now = this.nowMs();
    this.keys.set(id, { key, atMs: now, usedMs: now });
  }

  refused(text: string): void {
    this.keys.delete(hashOf(text));
  }

  /** One that Postgres need not be asked about again. */
  current(text: string): ApiKey | null {
    return this.newerThan(CURRENT_MS, text);
  }

  /** Null for one that was not vouched for lately, or that has expired since. */
  find(text: string): ApiKey | null {
    return this.newerThan(REMEMBER_MS, text);
  }

  /** Ids of the keys that were used since a moment, ms of the monotonic clock. */
  usedSince(ms: number): string[] {
    return [...this.keys.values()].filter(({ usedMs }) => usedMs >= ms).map(({ key }) => key.id);
  }

  /**
   * Takes in that Postgres was asked about keys.
   * @param asked their ids
   * @param ended those of them that count no longer
   * @param atMs when the question began, ms of the monotonic clock
   */
  looked(asked: readonly string[], ended: readonly string[], atMs: number): void {
    for (const [hash, known] of this.keys) {
      if (ended.includes(known.key.id)) this.keys.delete(hash);
      else if (asked.includes(known.key.id)) known.atMs = atMs;
    }
  }

  private newerThan(ageMs: number, text: string): ApiKey | null {
    const known = this.keys.get(hashOf(text));
    const now = this.nowMs();
    if (!known || now >= known.atMs + ageMs || this.hasExpired(known.key)) return null;
    known.usedMs = now;
    return known.key;
  }

  private hasExpired({ expiresAt }: ApiKey): boolean {
    return expiresAt !== null && this.wallMs() >= expiresAt.getTime();
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
