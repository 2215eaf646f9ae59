import type { NewEntry, PlacedEntry, SealedBlock } from '#libs/ordering';
import { encodeEntry, EntryKind, entryId } from '#libs/protocol';
import type { Candidate, DraftContext } from '../candidate.js';
import type { SubmissionError } from '../submission-error.js';
import { A, address } from './world.js';

let made = 0;

/** A candidate that does as the test says and keeps what it was told. */
export class FakeCandidate implements Candidate {
  readonly lane: number;
  readonly entry: NewEntry;
  /** Thrown by `place`, when set. */
  refusal: Error | null = null;
  placedTimes = 0;
  /** In the order in which it was told. */
  readonly told: ({ sequence: bigint; block: number } | { code: string })[] = [];

  constructor({ lane = A, bytes = 100 }: { lane?: number; bytes?: number } = {}) {
    this.lane = lane;
    made += 1;
    const body = new Uint8Array(bytes - 1);
    new DataView(body.buffer).setUint32(0, made);
    const serialised = encodeEntry(EntryKind.TRANSACTION, body);
    const sender = address(1);
    this.entry = { kind: EntryKind.TRANSACTION, lane, id: entryId(serialised), sender, nonce: 0n, bytes: serialised };
  }

  get bytesMax(): number {
    return this.entry.bytes.length;
  }

  place(context: DraftContext): NewEntry {
    void context;
    this.placedTimes += 1;
    if (this.refusal) throw this.refusal;
    return this.entry;
  }

  durable({ sequence }: PlacedEntry, { header }: SealedBlock): void {
    this.told.push({ sequence, block: header.number });
  }

  refused({ code }: SubmissionError): void {
    this.told.push({ code });
  }
}
