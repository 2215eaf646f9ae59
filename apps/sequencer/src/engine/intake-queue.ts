import { arrivalOrder, type OrderingPolicy } from '#libs/ordering';
import type { Candidate } from './candidate.js';
import { SubmissionError } from './submission-error.js';

/** What waits for a block, in arrival order; bounded. */
export class IntakeQueue {
  private waiting: Candidate[] = [];
  private head = 0;

  constructor(
    private readonly candidatesMax: number,
    private readonly wake: () => void,
    private readonly policy: OrderingPolicy<Candidate> = arrivalOrder,
  ) {}

  get size(): number {
    return this.waiting.length - this.head;
  }

  canAccept(count = 1): boolean {
    return this.size + count <= this.candidatesMax;
  }

  /** @throws SubmissionError `BUSY` when it is full */
  push(candidate: Candidate): void {
    if (!this.canAccept()) throw SubmissionError.busy(`${this.size} submissions are waiting`);
    this.pushAdmitted(candidate);
  }

  /** Adds one whose room is accounted for elsewhere: never refused. */
  pushAdmitted(candidate: Candidate): void {
    this.waiting.push(candidate);
    this.wake();
  }

  /** Takes the oldest `count` in the order of the policy. */
  take(count: number): readonly Candidate[] {
    const taken = this.waiting.slice(this.head, this.head + count);
    this.head += taken.length;
    if (this.head > 4096 || this.head === this.waiting.length) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
    return this.policy.order(taken);
  }

  /** Puts back what found no room, before everything else. */
  putBack(candidates: readonly Candidate[]): void {
    if (candidates.length > 0) {
      this.waiting = [...candidates, ...this.waiting.slice(this.head)];
      this.head = 0;
    }
  }

  /** Refuses everything that waits. */
  refuseAll(error: SubmissionError): void {
    const refused = this.waiting.slice(this.head);
    this.waiting = [];
    this.head = 0;
    for (const candidate of refused) candidate.refused(error);
  }
}
