import type { Coordinator } from '#libs/atomic-commit';
import type { NewEntry, PlacedEntry, SealedBlock } from '#libs/ordering';
import { bytesToHex, Decision, encodeEntry, EntryKind, entryId, SHARED_LANE } from '#libs/protocol';
import type { Candidate, DraftContext } from './candidate.js';
import type { CommandAuthor, CommandPlace } from './audit-candidate.js';
import { SubmissionError } from './submission-error.js';

/** Upper bound of a serialised DECISION: eight votes with their clocks. */
const DECISION_BYTES_MAX = 32_768;

/** An operator's abort of an undecided operation, with its audit row in the same block. */
export class AbortCandidate implements Candidate {
  readonly lane = SHARED_LANE;
  readonly bytesMax = DECISION_BYTES_MAX;

  private auditId = 0n;

  constructor(
    private readonly operationId: Uint8Array,
    private readonly author: CommandAuthor,
    private readonly coordinator: Coordinator,
    private readonly settle: { resolve(place: CommandPlace): void; reject(error: SubmissionError): void },
  ) {}

  place(context: DraftContext): NewEntry {
    const id = bytesToHex(this.operationId);
    if (context.decided.has(id) || !this.coordinator.has(this.operationId)) {
      throw SubmissionError.of('OPERATION_NOT_UNDECIDED', `there is no undecided operation ${id}`, { id });
    }
    const row = context.audit({
      actor: this.author.actor,
      command: 'operation.abort',
      detail: { operationId: id, ...this.author.detail },
    });
    this.auditId = row.id;
    const decision = this.coordinator.operatorAbort(this.operationId, row.id)!;
    const bytes = encodeEntry(EntryKind.DECISION, Decision.serialize(decision));
    context.decided.add(id);
    context.undecided -= 1;
    return { kind: EntryKind.DECISION, lane: this.lane, id: entryId(bytes), sender: null, nonce: null, bytes };
  }

  durable(entry: PlacedEntry, block: SealedBlock): void {
    this.settle.resolve({ block: block.header.number, sequence: entry.sequence, auditId: this.auditId });
  }

  refused(error: SubmissionError): void {
    this.settle.reject(error);
  }
}
