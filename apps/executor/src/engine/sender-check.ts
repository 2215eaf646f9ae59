import { SenderRecoveryPool } from '#libs/crypto';
import type { VerifiedBlock } from '#libs/executor-sdk';
import { bytesToHex, decodeTransaction, entryBody, EntryKind, equalBytes } from '#libs/protocol';
import { ExecutorError } from '../errors.js';

/** Records in one request: the pool's queue is bounded. */
const RECORDS_MAX = 4_096;

/** Recovers the senders of a block's transactions again, as replicas do: the leader's word is checked, not believed. */
export class SenderCheck {
  private readonly pool = new SenderRecoveryPool({ workers: 1 }, {});

  /** @throws ExecutorError `WRONG_SENDER` */
  async check({ header, entries }: VerifiedBlock): Promise<void> {
    const transactions = entries.filter(({ kind }) => kind === EntryKind.TRANSACTION);
    for (let start = 0; start < transactions.length; start += RECORDS_MAX) {
      const part = transactions.slice(start, start + RECORDS_MAX);
      const recovered = await this.pool.recover(part.map(({ bytes }) => decodeTransaction(entryBody(bytes))));
      for (const [index, { sequence, sender }] of part.entries()) {
        const actual = recovered[index] ?? null;
        if (actual && equalBytes(actual, sender)) continue;
        const [said, found] = [bytesToHex(sender), actual && bytesToHex(actual)];
        throw new ExecutorError(
          { code: 'WRONG_SENDER', number: header.number, sequence: String(sequence), said, recovered: found },
          `Entry ${sequence} of block ${header.number} says it was sent by ${said}; its signature is of ${found ?? 'nobody'}.`,
          'Keep the block as evidence and tell the operator of the sequencer.',
        );
      }
    }
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
