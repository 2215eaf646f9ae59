import type { RecoveryRecord } from '#libs/crypto';
import type { TransactionsCheck } from '../check/check-transactions.js';

/** Records that travel together. */
const CHUNK = 2_048;
/** Chunks under way at most: what bounds memory, and keeps the workers busy while blocks are read. */
const CHUNKS_MAX = 6;

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
  }
}
