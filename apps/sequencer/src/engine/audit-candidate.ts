import { SHARED_LANE } from '#libs/protocol';
import type { SealedBlock } from '#libs/ordering';
import type { Candidate, DraftContext } from './candidate.js';
import type { EntryPlace } from './entry-desk.js';
import type { SubmissionError } from './submission-error.js';

/** Who gave a command, as its audit row says it. */
export interface CommandAuthor {
  /** The key that signed it. */
  actor: string;
  /** What goes into the row's detail besides: the signed command's root, who asked for it. */
  detail: Record<string, string>;
}

/** Where a command came to stand: its block, its audit row there, and the entry that it made, if any. */
export interface CommandPlace extends Omit<EntryPlace, 'sequence'> {
  sequence: bigint | null;
  auditId: bigint;
}

/** A command that leaves no entry, since it changes nothing that followers may do: a row in the audit log alone. */
export class AuditCandidate implements Candidate {
  readonly lane = SHARED_LANE;
  readonly bytesMax = 0;
  private auditId = 0n;

  constructor(
    private readonly command: string,
    private readonly author: CommandAuthor,
    private readonly settle: { resolve(place: CommandPlace): void; reject(error: SubmissionError): void },
  ) {}

  place(context: DraftContext): null {
    const { actor, detail } = this.author;
    this.auditId = context.audit({ actor, command: this.command, detail }).id;
    return null;
  }

  durable(entry: null, block: SealedBlock): void {
    this.settle.resolve({ block: block.header.number, sequence: entry, auditId: this.auditId });
  }

  refused(error: SubmissionError): void {
    this.settle.reject(error);
  }
}
