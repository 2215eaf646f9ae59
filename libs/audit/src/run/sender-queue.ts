import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecoveryRecord } from '#libs/crypto';
import type { TransactionsCheck } from '../check/check-transactions.js';

/** Records that travel together. */
const CHUNK = 512;
/** Chunks under way at most: what bounds memory, and keeps the workers busy while blocks are read. */
const CHUNKS_MAX = 24;
/**
 * Batches that the pool should keep at each worker: about 150 ms of work. A page of the log that comes from Postgres, or
 * a large block, keeps the main thread busy for a part of that.
 */
export const AUDIT_WORKER_BATCHES_MAX = 16;

/** Recovers senders beside the other checks, a bounded number at a time. */
export class SenderQueue {
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly transactions: TransactionsCheck,
    private readonly recover: (records: readonly RecoveryRecord[]) => Promise<readonly (Uint8Array | null)[]>,
  ) {}

  /** Sends off what waits, if it is worth it; waits while too much is under way. @throws what recovery throws */
  async advance(): Promise<void> {
    while (this.transactions.pending >= CHUNK) await this.send();
  }

  async finish(): Promise<void> {
    while (this.transactions.pending > 0) await this.send();
    await Promise.all(this.underWay);
  }

  private async send(): Promise<void> {
    while (this.underWay.size >= CHUNKS_MAX) await Promise.race(this.underWay);
    const { records, compare } = this.transactions.takePending(CHUNK);
    const one = this.recover(records).then((signers) => {
      compare(signers);
      this.underWay.delete(one);
    });
    // A failure is thrown by whoever waits next.
    one.catch(() => {});
    this.underWay.add(one);
    // Workers are sent work, and their answers taken, between two turns of the event loop alone.
    await nextTurn();
  }
}
