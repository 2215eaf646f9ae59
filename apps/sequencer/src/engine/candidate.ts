import type { BlockDraft, NewEntry, PlacedEntry, SealedBlock } from '#libs/ordering';
import type { PriceBook } from '#libs/options';
import type { AuditDraft, AuditRow } from '#libs/persistence';
import type { Registry } from '#libs/protocol';
import type { SubmissionError } from './submission-error.js';

/** A block that is being filled, with what its entries so far have changed. */
export interface DraftContext {
  readonly draft: BlockDraft;
  /** What the next block's registry will be; changes of this block are in it already. */
  nextRegistry: Registry;
  /** Prices up to here, those of this block included. */
  readonly prices: PriceBook;
  /** Operations undecided once this block is durable. */
  undecided: number;
  /** Ids (hex) of the operations that this block decides; the first decision wins, a second is dropped. */
  readonly decided: Set<string>;
  /** Adds a row to the audit log, written together with the block; returns it. */
  audit(draft: Omit<AuditDraft, 'atMs'>): AuditRow;
}

/** Something that wants to get into the log. Its outcome is told once: `durable` or `refused`. */
export interface Candidate {
  /** Where its entry stands: a chain id, or the shared lane. */
  readonly lane: number;
  /** Upper bound of its entry's size in bytes. */
  readonly bytesMax: number;
  /**
   * Judges it for this draft and makes its entry; called again for each draft that is rebuilt.
   * @returns null for one that leaves no entry, only a row in the audit log
   * @throws SubmissionError or another LockstepError when it is refused
   */
  place(context: DraftContext): NewEntry | null;
  /** Its block is durable, with its entry if it made one. */
  durable(entry: PlacedEntry | null, block: SealedBlock): void;
  /** It will not be in the log; or, after a lost leadership, its outcome must be looked up. */
  refused(error: SubmissionError): void;
}
