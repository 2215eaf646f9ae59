import type { NewEntry, NoncePool } from '#libs/ordering';
import { EntryKind, findRollup } from '#libs/protocol';
import type { Candidate, DraftContext } from './candidate.js';
import { SubmissionError } from './submission-error.js';

/** Where a transaction came to stand, or why it did not. */
export type TransactionResult = { hash: Uint8Array } | { error: SubmissionError };

export interface TransactionCandidateFields {
  /** The rollup's chain id. */
  lane: number;
  /** Key of the (chain id, sender) in the nonce pool. */
  account: string;
  hash: Uint8Array;
  nonce: bigint;
  sender: Uint8Array;
  /** The serialised entry. */
  bytes: Uint8Array;
}

/** A transaction whose sender is known, on its way into the log. */
export class TransactionCandidate implements Candidate {
  readonly lane: number;
  readonly account: string;
  readonly hash: Uint8Array;
  readonly nonce: bigint;
  onSettled: (() => void) | null = null;
  private generation: number | undefined;
  private readonly entry: NewEntry;
  private gapTimer: NodeJS.Timeout | null = null;

  constructor(
    { lane, account, hash, nonce, sender, bytes }: TransactionCandidateFields,
    private readonly settle: (result: TransactionResult) => void,
    private readonly nonces: Pick<NoncePool<TransactionCandidate>, 'generation' | 'mayPlace' | 'giveBack'>,
  ) {
    this.lane = lane;
    this.account = account;
    this.hash = hash;
    this.nonce = nonce;
    this.entry = { kind: EntryKind.TRANSACTION, lane, id: hash, sender, nonce, bytes };
  }

  get bytesMax(): number {
    return this.entry.bytes.length;
  }

  place({ draft }: DraftContext): NewEntry {
    if (!this.nonces.mayPlace(this.account, this.nonce, this.generation)) {
      throw SubmissionError.of(
        'NONCE_GAP',
        `nonce gap: an earlier nonce than ${this.nonce} was refused; send it again`,
      );
    }
    if (findRollup(draft.registry, this.lane)?.paused) {
      this.nonces.giveBack(this.account, this.nonce, this.generation);
      throw rollupPaused(this.lane);
    }
    return this.entry;
  }

  durable(): void {
    this.settle({ hash: this.hash });
    this.onSettled?.();
  }

  refused(error: SubmissionError): void {
    this.stopWaiting();
    // Whoever refuses it, and why: nothing may be placed behind it (I5).
    if (this.generation !== undefined) this.nonces.giveBack(this.account, this.nonce, this.generation);
    this.settle({ error });
    this.onSettled?.();
  }

  /** Its turn has come: it may be placed, as long as none before it is refused. */
  ready(): void {
    this.stopWaiting();
    this.generation = this.nonces.generation(this.account);
  }

  /** Parked behind a gap of nonces: `giveUp` is called once the time is over. */
  waitForGap(ms: number, giveUp: () => void): void {
    this.gapTimer = setTimeout(giveUp, ms);
  }

  stopWaiting(): void {
    if (this.gapTimer) clearTimeout(this.gapTimer);
    this.gapTimer = null;
  }
}

export const rollupPaused = (chainId: number): SubmissionError =>
  SubmissionError.of('rollup_paused', `rollup ${chainId} is paused: it takes no transactions until it is resumed`);
