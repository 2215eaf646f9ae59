import { createHash } from 'node:crypto';
import type { ApiKey } from '#libs/persistence';

/** How long a key is remembered after Postgres last vouched for it, and how many are. */
const REMEMBER_MS = 900_000;
const KEYS_MAX = 1_024;

/**
 * Keys that Postgres has lately vouched for. While it is away they may go on reading: those who watch the network need
 * to see most what is missing just then. A key that is revoked meanwhile reads on until Postgres is back, or for a
 * quarter of an hour at most; nothing but reads is ever allowed by this.
 */
export class RecentKeys {
  /** By the hash of the key's text: neither the text nor its secret is kept. */
  private readonly keys = new Map<string, { key: ApiKey; untilMs: number }>();

  constructor(private readonly nowMs: () => number = () => Date.now()) {}

  vouched(text: string, key: ApiKey): void {
    const id = hashOf(text);
    this.keys.delete(id);
    const [oldest] = this.keys.keys();
    if (this.keys.size >= KEYS_MAX && oldest !== undefined) this.keys.delete(oldest);
    const untilMs = Math.min(this.nowMs() + REMEMBER_MS, key.expiresAt?.getTime() ?? Infinity);
    this.keys.set(id, { key, untilMs });
  }

  refused(text: string): void {
    this.keys.delete(hashOf(text));
  }

  /** Null for one that was not vouched for lately, or that has expired since. */
  find(text: string): ApiKey | null {
    const known = this.keys.get(hashOf(text));
    return known && this.nowMs() < known.untilMs ? known.key : null;
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
