import type { RecoveryRecord } from '#libs/crypto';
import {
  bytesToHex,
  checkChainId,
  decodeSignedTransaction,
  entryBody,
  EntryKind,
  equalBytes,
  type SignedTransaction,
} from '#libs/protocol';
import type { AuditedBlock, AuditedEntry } from '../source/audit-source.js';
import type { AuditState } from './audit-state.js';

/** Transactions: strict decoding for their own rollup (I31), nonces without gap or repetition (I5, I9), senders (I5). */
export class TransactionsCheck {
  count = 0;
  /** By lane and account, the account as the 20 characters of its bytes: there may be very many. */
  private readonly nextNonces = new Map<number, Map<string, bigint>>();
  private readonly waiting: { record: RecoveryRecord; entry: AuditedEntry; number: number }[] = [];

  constructor(private readonly state: AuditState) {}

  check({ number, entries }: AuditedBlock): void {
    for (const entry of entries) {
      if (entry.bytes[0] !== EntryKind.TRANSACTION) continue;
      this.count += 1;
      const transaction = this.decode(number, entry);
      if (!transaction) continue;
      this.checkNonce(number, entry, transaction.nonce);
      if (this.state.audits) this.waiting.push({ record: transaction, entry, number });
    }
  }

  /** Transactions whose senders are to be recovered. */
  get pending(): number {
    return this.waiting.length;
  }

  /** Takes up to `max` that wait for recovery, and returns what compares the answers. */
  takePending(max: number): { records: RecoveryRecord[]; compare: (signers: readonly (Uint8Array | null)[]) => void } {
    const taken = this.waiting.splice(0, max);
    return {
      records: taken.map(({ record }) => record),
      compare: (signers) => {
        for (const [place, { entry, number }] of taken.entries()) this.compareSender(number, entry, signers[place]!);
      },
    };
  }

  private compareSender(number: number, entry: AuditedEntry, signer: Uint8Array | null): void {
    const { sender, sequence } = entry;
    if (signer && sender && equalBytes(signer, sender)) return;
    const [says, is] = [sender ? bytesToHex(sender) : 'none', signer ? bytesToHex(signer) : 'nobody'];
    this.state.problems.add('I5 SENDER', number, `entry ${sequence} names sender ${says}; ${is} signed it`, entry);
  }

  private decode(number: number, entry: AuditedEntry): SignedTransaction | null {
    try {
      const transaction = decodeSignedTransaction(entryBody(entry.bytes));
      checkChainId(transaction, entry.lane);
      return transaction;
    } catch (error) {
      const message = `entry ${entry.sequence} in lane ${entry.lane}: ${(error as Error).message}`;
      this.state.problems.add('I31 TRANSACTION', number, message, entry);
      return null;
    }
  }

  private checkNonce(number: number, entry: AuditedEntry, nonce: bigint): void {
    const { problems } = this.state;
    const { sender, lane, sequence, stored } = entry;
    let ofLane = this.nextNonces.get(lane);
    if (!ofLane) this.nextNonces.set(lane, (ofLane = new Map<string, bigint>()));
    const account = sender ? Buffer.from(sender.buffer, sender.byteOffset, sender.length).toString('latin1') : '';
    const due = ofLane.get(account) ?? 0n;
    const shown = (): string => (sender ? bytesToHex(sender) : '');
    if (nonce < due) {
      const message = `entry ${sequence} uses nonce ${nonce} of ${shown()} again; ${due} is due`;
      problems.add('I9 NONCE_REPEATED', number, message, entry);
      return;
    }
    if (nonce > due) {
      const message = `entry ${sequence} uses nonce ${nonce} of ${shown()} where ${due} is due`;
      problems.add('I5 NONCE_GAP', number, message, entry);
    }
    ofLane.set(account, nonce + 1n);
    if (!stored || stored.nonce === nonce) return;
    problems.add(
      'I5 NONCE_ROW',
      number,
      `entry ${sequence} is stored with nonce ${stored.nonce}, its bytes say ${nonce}`,
      entry,
    );
  }
}
