import type { RecoveryRecord } from '#libs/crypto';
import { NoncePool } from '#libs/ordering';
import {
  bytesToHex,
  checkChainId,
  checkIntrinsicGas,
  type DecodedTransaction,
  decodeTransaction,
  encodeEntry,
  EntryKind,
  findRollup,
  type Registry,
  TRANSACTION_BYTES_MAX,
} from '#libs/protocol';
import type { SequencerMetrics } from '#libs/runtime';
import { countTransactions } from '../metrics/count-submission.js';
import type { IntakeQueue } from './intake-queue.js';
import { type FaultLog, SubmissionError, toSubmissionError } from './submission-error.js';
import { rollupPaused, TransactionCandidate, type TransactionResult } from './transaction-candidate.js';

/** The largest nonce the log can index. */
const NONCE_MAX = 2n ** 63n - 1n;
/** Early transactions that one sender can have waiting on one rollup. */
const PARKED_MAX = 1024;
/** Accounts whose next nonce is remembered while nothing of theirs is on its way. */
const ACCOUNTS_MAX = 200_000;

export interface TransactionDeskOptions {
  /** How long an early nonce waits for those before it, in ms. */
  nonceGapMs: number;
  /** Transactions of one sender that may be open at a time. */
  openPerSenderMax: number;
}

export interface TransactionDeskModules {
  queue: IntakeQueue;
  recover: (records: readonly RecoveryRecord[]) => Promise<(Uint8Array | null)[]>;
  /** The next nonce of each (rollup, sender) by the log. */
  nextNonces: (accounts: readonly { chainId: number; sender: Uint8Array }[]) => Promise<bigint[]>;
  /** Whether an entry with this id is in the log. */
  isInLog: (id: Uint8Array) => Promise<boolean>;
  registry: () => Registry;
  /** Whether an operator has drained the intake. */
  isDraining: () => boolean;
  logger: FaultLog;
  metrics?: SequencerMetrics;
}

/**
 * Admits raw transactions, in the order of checks of the design, section 6: size, strict decoding, chain id, gas bounds,
 * duplicate, sender recovery, nonce, the sender's budget. A nonce belongs to a sender, so it is checked once the sender
 * is recovered.
 */
export class TransactionDesk {
  private readonly nonces = new NoncePool<TransactionCandidate>(PARKED_MAX);
  /** Open calls by transaction hash: the same bytes sent again join them. */
  private readonly open = new Map<string, Promise<TransactionResult>>();
  private readonly openBySender = new Map<string, number>();
  /** How often everything was forgotten. */
  private resets = 0;

  constructor(
    private readonly options: TransactionDeskOptions,
    private readonly modules: TransactionDeskModules,
  ) {}

  get openCount(): number {
    return this.open.size;
  }

  /** Submits raw transactions for one rollup; each result comes once its transaction is durable or refused. */
  async submit(chainId: number, raws: readonly Uint8Array[]): Promise<TransactionResult[]> {
    const results: Promise<TransactionResult>[] = [];
    const fresh: { transaction: DecodedTransaction; raw: Uint8Array; settle: (result: TransactionResult) => void }[] =
      [];
    for (const raw of raws) {
      try {
        const transaction = this.check(chainId, raw);
        const hash = bytesToHex(transaction.hash);
        let result = this.open.get(hash);
        if (!result) {
          result = new Promise((settle) => fresh.push({ transaction, raw, settle }));
          this.open.set(hash, result);
          const close = (): boolean => this.open.delete(hash);
          void result.then(close, close);
        }
        results.push(result);
      } catch (thrown) {
        results.push(Promise.resolve({ error: toSubmissionError(thrown, this.modules.logger) }));
      }
    }
    if (fresh.length > 0) {
      await this.recoverAndOffer(chainId, fresh).catch((thrown: unknown) => {
        for (const { settle } of fresh) settle({ error: toSubmissionError(thrown, this.modules.logger) });
      });
    }
    const answers = await Promise.all(results);
    countTransactions(this.modules.metrics, answers);
    return answers;
  }

  /** The next nonce that would be admitted, what is on its way included; from the log when nothing is. */
  async nextNonce(chainId: number, sender: Uint8Array): Promise<bigint> {
    const known = this.nonces.expected(accountKey(chainId, sender));
    if (known !== undefined) return known;
    const [next] = await this.modules.nextNonces([{ chainId, sender }]);
    return next ?? 0n;
  }

  /** Leadership is lost or taken anew: what was known of nonces is read again. */
  reset(error: SubmissionError): void {
    this.resets += 1;
    for (const parked of this.nonces.clear()) parked.refused(error);
  }

  private check(chainId: number, raw: Uint8Array): DecodedTransaction {
    const rollup = findRollup(this.modules.registry(), chainId);
    if (!rollup) throw SubmissionError.of('UNKNOWN_ROLLUP', `no rollup has chain id ${chainId}`, { rpcCode: -32602 });
    if (rollup.paused) throw rollupPaused(chainId);
    if (this.modules.isDraining()) throw SubmissionError.drained();
    if (raw.length > TRANSACTION_BYTES_MAX) {
      throw SubmissionError.of(
        'TRANSACTION_OVERSIZED',
        `oversized data: transaction size ${raw.length}, limit ${TRANSACTION_BYTES_MAX}`,
      );
    }
    const transaction = decodeTransaction(raw);
    checkChainId(transaction, chainId);
    checkIntrinsicGas(transaction);
    if (transaction.nonce > NONCE_MAX) {
      throw SubmissionError.of('NONCE_MAX', `nonce has max value: nonce ${transaction.nonce}, limit ${NONCE_MAX}`);
    }
    return transaction;
  }

  private async recoverAndOffer(
    chainId: number,
    fresh: readonly { transaction: DecodedTransaction; raw: Uint8Array; settle: (result: TransactionResult) => void }[],
  ): Promise<void> {
    const { resets } = this;
    const senders = await this.modules.recover(fresh.map(({ transaction }) => transaction));
    const candidates: TransactionCandidate[] = [];
    const unknown = new Map<string, Uint8Array>();
    fresh.forEach(({ transaction, raw, settle }, index) => {
      const sender = senders[index];
      if (!sender) {
        const error = SubmissionError.of('INVALID_SENDER', 'invalid sender: the signature recovers to no account');
        settle({ error });
        return;
      }
      const account = accountKey(chainId, sender);
      if (!this.nonces.knows(account)) unknown.set(account, sender);
      const bytes = encodeEntry(EntryKind.TRANSACTION, raw);
      const { hash, nonce } = transaction;
      candidates.push(
        new TransactionCandidate({ lane: chainId, account, hash, nonce, sender, bytes }, settle, this.nonces),
      );
    });
    const accounts = [...unknown.values()].map((sender) => ({ chainId, sender }));
    const nonces = accounts.length > 0 ? await this.modules.nextNonces(accounts) : [];
    // What was read for a term that is over counts no more, and nobody empties the queue.
    if (resets !== this.resets) throw SubmissionError.notLeading();
    [...unknown.keys()].forEach((account, index) => this.nonces.learn(account, nonces[index] ?? 0n));
    for (const candidate of candidates) this.offer(candidate);
  }

  private offer(candidate: TransactionCandidate): void {
    try {
      this.charge(candidate);
      if (!this.modules.queue.canAccept()) throw SubmissionError.busy('too many submissions are waiting');
      const verdict = this.nonces.offer(candidate.account, candidate);
      switch (verdict.status) {
        case 'ready':
          for (const ready of verdict.items) {
            ready.ready();
            // Those that were parked have had their place all along: the bound was checked for the one that just came.
            this.modules.queue.pushAdmitted(ready);
          }
          return;
        case 'parked':
          candidate.waitForGap(this.options.nonceGapMs, () => {
            const expected = this.nonces.withdraw(candidate.account, candidate);
            candidate.refused(nonceGap(expected, candidate.nonce));
          });
          return;
        case 'too_low':
          void this.refuseUsedNonce(candidate, verdict.expected);
          return;
        case 'taken':
          throw SubmissionError.of(
            'NONCE_TAKEN',
            `replacement transaction underpriced: nonce ${candidate.nonce} waits already, as ${bytesToHex(verdict.by.hash)}`,
          );
        case 'full':
          throw SubmissionError.busy(`${PARKED_MAX} transactions of this sender wait for nonce ${verdict.expected}`);
      }
    } catch (thrown) {
      candidate.refused(toSubmissionError(thrown, this.modules.logger));
    }
  }

  /** I33: charged only now that chain id and signature were checked, else others could spend a sender's budget. */
  private charge(candidate: TransactionCandidate): void {
    const open = (this.openBySender.get(candidate.account) ?? 0) + 1;
    if (open > this.options.openPerSenderMax) {
      throw SubmissionError.busy(`this sender has ${open - 1} transactions open`);
    }
    this.openBySender.set(candidate.account, open);
    candidate.onSettled = () => {
      const left = (this.openBySender.get(candidate.account) ?? 1) - 1;
      if (left > 0) this.openBySender.set(candidate.account, left);
      else {
        this.openBySender.delete(candidate.account);
        this.nonces.idle(candidate.account);
        if (this.nonces.size > ACCOUNTS_MAX) this.nonces.forget(candidate.account);
      }
    };
  }

  private async refuseUsedNonce(candidate: TransactionCandidate, expected: bigint): Promise<void> {
    const known = await this.modules.isInLog(candidate.hash).catch(() => false);
    candidate.refused(
      known
        ? SubmissionError.of('ALREADY_KNOWN', 'already known', { id: bytesToHex(candidate.hash) })
        : SubmissionError.of('NONCE_TOO_LOW', `nonce too low: next nonce ${expected}, tx nonce ${candidate.nonce}`),
    );
  }
}

export const accountKey = (chainId: number, sender: Uint8Array): string => `${chainId}:${bytesToHex(sender)}`;

const nonceGap = (expected: bigint, nonce: bigint): SubmissionError =>
  SubmissionError.of('NONCE_GAP', `nonce gap: expected ${expected}, tx nonce ${nonce}`);
