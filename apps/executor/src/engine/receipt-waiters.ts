import { bytesToHex } from '#libs/protocol';

/** Those who wait for a transaction's receipt. Bounded. */
export class ReceiptWaiters {
  private readonly waiters = new Map<string, Set<() => void>>();
  private size = 0;

  constructor(private readonly waitersMax = 10_000) {}

  /** @returns a function that gives it up; null where too many wait */
  add(hash: Uint8Array, run: () => void): (() => void) | null {
    if (this.size >= this.waitersMax) return null;
    const id = bytesToHex(hash);
    const waiting = this.waiters.get(id) ?? new Set();
    this.waiters.set(id, waiting.add(run));
    this.size++;
    return () => {
      if (!waiting.delete(run)) return;
      this.size--;
      if (waiting.size === 0) this.waiters.delete(id);
    };
  }

  /** These transactions' receipts have been stored. */
  stored(receipts: readonly { hash: Uint8Array }[]): void {
    if (this.size === 0) return;
    for (const { hash } of receipts) {
      const id = bytesToHex(hash);
      const waiting = this.waiters.get(id);
      if (!waiting) continue;
      this.waiters.delete(id);
      this.size -= waiting.size;
      for (const run of waiting) run();
      waiting.clear();
    }
  }
}
