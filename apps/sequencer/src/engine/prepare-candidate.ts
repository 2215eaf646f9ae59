import type { NewEntry, PlacedEntry, SealedBlock } from '#libs/ordering';
import { planOperation } from '#libs/options';
import {
  encodeEntry,
  EntryKind,
  entryId,
  type Intent,
  Prepare,
  Reason,
  reasonSentence,
  SHARED_LANE,
} from '#libs/protocol';
import type { Candidate, DraftContext } from './candidate.js';
import { SubmissionError } from './submission-error.js';

/** Upper bound of a serialised PREPARE: four signatures, eight participants, sixteen legs. */
const PREPARE_BYTES_MAX = 4096;

export interface PrepareCandidateFields {
  operationId: Uint8Array;
  intent: Intent;
  signatures: Uint8Array[];
  prepareMsMax: number;
  /** Operations that may be undecided at a time. */
  undecidedMax: number;
  /** Refuses when a participant has been silent. */
  assertHeard: (participants: readonly number[]) => void;
}

/** A checked intent on its way to PREPARE. Planned for each draft anew: prices, registry and time are the draft's. */
export class PrepareCandidate implements Candidate {
  readonly lane = SHARED_LANE;
  readonly bytesMax = PREPARE_BYTES_MAX;

  constructor(
    private readonly fields: PrepareCandidateFields,
    private readonly settle: {
      resolve(placed: { entry: PlacedEntry; block: SealedBlock }): void;
      reject(error: SubmissionError): void;
    },
  ) {}

  place(context: DraftContext): NewEntry {
    const { operationId, intent, signatures, prepareMsMax, undecidedMax, assertHeard } = this.fields;
    if (context.undecided >= undecidedMax) throw SubmissionError.busy(`${undecidedMax} operations are undecided`);
    const { registry, timestampMs } = context.draft;
    const plan = planOperation({ intent, registry, prices: context.prices, timestampMs, prepareMsMax });
    if (!plan.ok) throw refusedFor(plan.reason, plan.field);
    assertHeard(plan.participants);
    const { participants, legs, priceRound, payout, deadlineMs } = plan;
    const prepare = { operationId, intent, signatures, participants, legs, priceRound, payout, deadlineMs };
    const bytes = encodeEntry(EntryKind.PREPARE, Prepare.serialize(prepare));
    context.undecided += 1;
    return { kind: EntryKind.PREPARE, lane: this.lane, id: entryId(bytes), sender: null, nonce: null, bytes };
  }

  durable(entry: PlacedEntry, block: SealedBlock): void {
    this.settle.resolve({ entry, block });
  }

  refused(error: SubmissionError): void {
    this.settle.reject(error);
  }
}

/** The error for an intent that cannot be prepared, by its reason's name. */
export const refusedFor = (reason: Reason, field?: string): SubmissionError =>
  SubmissionError.of(
    Reason[reason],
    `${Reason[reason]}: ${reasonSentence(reason)}`,
    field === undefined ? {} : { field },
  );
