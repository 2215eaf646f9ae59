/**
 * A leader appends a heartbeat every second. Without a durable block for so long it cannot write, whatever becomes of
 * the write under way: one to a frozen Postgres fails only after seconds. With it readiness falls in time for the five
 * seconds that the fault matrix gives.
 */
export const SILENT_MS = 3_500;

/** Knows whether the leader's blocks become durable: the last write did, and not too long ago. */
export class WriteWatch {
  private hasFailed = false;
  private durableAtMs = -Infinity;

  /** @param nowMs the monotonic clock in ms */
  constructor(private readonly nowMs: () => number) {}

  get canWrite(): boolean {
    return !this.hasFailed && this.nowMs() - this.durableAtMs < SILENT_MS;
  }

  /** A term begins: its first block is given as long as any other. */
  begin(): void {
    this.written(true);
  }

  /** A write ended: `ok` when its block is durable. */
  written(ok: boolean): void {
    this.hasFailed = !ok;
    if (ok) this.durableAtMs = this.nowMs();
  }

  /** The term is over. */
  end(): void {
    this.hasFailed = true;
  }
}
