/** A token bucket for each key: `perSecond` on average, `burst` at once. Keys that are full again are forgotten. */
export class RateLimit {
  private readonly buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly keysMax = 10_000,
  ) {}

  /** Takes a token; false when the key has none left. `nowMs` is monotonic. */
  take(key: string, nowMs: number): boolean {
    const bucket = this.buckets.get(key) ?? { tokens: this.burst, atMs: nowMs };
    const tokens = Math.min(this.burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * this.perSecond);
    const allowed = tokens >= 1;
    if (this.buckets.size >= this.keysMax) this.forgetFull(nowMs);
    this.buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    return allowed;
  }

  private forgetFull(nowMs: number): void {
    const refillMs = (this.burst / this.perSecond) * 1000;
    for (const [key, { atMs }] of this.buckets) if (nowMs - atMs >= refillMs) this.buckets.delete(key);
  }
}
