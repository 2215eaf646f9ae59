import { bytesToHex, type Decision, equalBytes, Outcome, Reason, type SignedVote, sszRoot, Vote } from '#libs/protocol';
import { checkVote, type VoteFault } from './check-vote.js';
import { DeadlineQueue } from './deadline-queue.js';
import type { PreparedOperation, RecoverAddress } from './prepared-operation.js';

/** What became of a vote that arrived. */
export type VoteReceipt =
  | { status: 'counted' }
  /** The same vote again. */
  | { status: 'repeated' }
  /** No such undecided operation: decided already, or never prepared in this log. */
  | { status: 'unknown_operation' }
  | { status: 'refused'; fault: VoteFault }
  /** Another vote of the same key for the same PREPARE; the first one counts. Both are evidence. */
  | { status: 'conflicting'; first: SignedVote };

interface Undecided extends PreparedOperation {
  key: string;
  votes: Map<number, SignedVote>;
}

/**
 * The relay's side of the two-phase commit: which operations are prepared, who voted, what can be decided. Pure state;
 * the log is the only thing it must survive by, so after a takeover it is filled again from PREPAREs without DECISION.
 *
 * ```
 *               votes            all yes, a no, an operator's abort, or the deadline passed
 *  prepared() ────────► waiting ─────────────────────────────────────────────────────────► decidable
 *                                                                                             │ decisionsAt(T)
 *                                    decided() ◄── block durable ── DECISION in a draft ◄─────┘
 * ```
 * A decision is computed for a block's timestamp and not kept: a block that is rebuilt is judged again.
 */
export class Coordinator {
  private readonly operations = new Map<string, Undecided>();
  /** Operations whose votes allow a decision now. */
  private readonly decidable = new Set<Undecided>();
  private readonly deadlines = new DeadlineQueue<Undecided>(
    (operation) => this.operations.get(operation.key) === operation,
  );

  constructor(
    private readonly logId: Uint8Array,
    private readonly recover: RecoverAddress,
  ) {}

  /** Undecided operations. */
  get size(): number {
    return this.operations.size;
  }

  /** Whether a decision could be placed in a block with this timestamp. */
  canDecide(timestampMs: number): boolean {
    return this.decidable.size > 0 || timestampMs > this.nextDeadlineMs();
  }

  /** The earliest deadline of an undecided operation, log time in ms; Infinity when there is none. */
  nextDeadlineMs(): number {
    return this.deadlines.earliestMs();
  }

  undecided(): PreparedOperation[] {
    return [...this.operations.values()];
  }

  has(operationId: Uint8Array): boolean {
    return this.operations.has(bytesToHex(operationId));
  }

  /** Votes counted so far for an undecided operation. */
  votesOf(operationId: Uint8Array): SignedVote[] {
    return sortedVotes(this.operations.get(bytesToHex(operationId)));
  }

  /** PREPARE is durable. The same operation again is ignored. */
  prepared({ operationId, prepareId, prepareBlockHash, deadlineMs, participants }: PreparedOperation): void {
    const key = bytesToHex(operationId);
    if (this.operations.has(key)) return;
    const votes = new Map<number, SignedVote>();
    const undecided: Undecided = { operationId, prepareId, prepareBlockHash, deadlineMs, participants, key, votes };
    this.operations.set(key, undecided);
    this.deadlines.push(undecided);
  }

  /** DECISION is durable. */
  decided(operationId: Uint8Array): void {
    const key = bytesToHex(operationId);
    const operation = this.operations.get(key);
    if (!operation) return;
    this.operations.delete(key);
    this.decidable.delete(operation);
  }

  /** A vote arrived, from anyone. Checks it fully; counts the first valid one of each participant. */
  receiveVote(signed: SignedVote): VoteReceipt {
    const operation = this.operations.get(bytesToHex(signed.vote.operationId));
    if (!operation) return { status: 'unknown_operation' };
    const first = operation.votes.get(signed.vote.chainId);
    if (first && equalBytes(sszRoot(Vote, first.vote), sszRoot(Vote, signed.vote))) {
      return { status: 'repeated' };
    }
    const fault = checkVote(signed, operation, this.logId, this.recover);
    if (fault) return { status: 'refused', fault };
    if (first) return { status: 'conflicting', first };
    operation.votes.set(signed.vote.chainId, signed);
    if (!signed.vote.yes || operation.votes.size === operation.participants.length) this.decidable.add(operation);
    return { status: 'counted' };
  }

  /**
   * The decision that aborts an undecided operation because an operator wants it so. Nothing is remembered: what counts
   * is whether a block takes it.
   * @param auditId the audit row that says so, > 0
   * @returns null when there is no such undecided operation
   * @throws RangeError when `auditId` names no row
   */
  operatorAbort(operationId: Uint8Array, auditId: bigint): Decision | null {
    if (auditId <= 0n || auditId >= 2n ** 64n) throw new RangeError(`${auditId} is no number of an audit row`);
    const operation = this.operations.get(bytesToHex(operationId));
    return operation ? { ...abort(operation, Reason.operator_abort), auditId } : null;
  }

  /**
   * The decisions that a block with this timestamp can carry: at most one for each operation, expired ones first, by
   * deadline, since they have waited longest.
   */
  decisionsAt(timestampMs: number): Decision[] {
    const decisions = this.deadlines.before(timestampMs).map((operation) => abort(operation, Reason.expired));
    for (const operation of this.decidable) {
      if (timestampMs <= operation.deadlineMs) decisions.push(decide(operation));
    }
    return decisions;
  }
}

function decide(operation: Undecided): Decision {
  const no = sortedVotes(operation).find(({ vote }) => !vote.yes);
  if (no) return abort(operation, no.vote.reason);
  return {
    operationId: operation.operationId,
    prepareId: operation.prepareId,
    outcome: Outcome.commit,
    reason: Reason.none,
    votes: sortedVotes(operation),
    auditId: 0n,
  };
}

const abort = (operation: Undecided, reason: Reason): Decision => ({
  operationId: operation.operationId,
  prepareId: operation.prepareId,
  outcome: Outcome.abort,
  reason,
  votes: sortedVotes(operation),
  auditId: 0n,
});

const sortedVotes = (operation: Undecided | undefined): SignedVote[] =>
  [...(operation?.votes.values() ?? [])].sort((a, b) => a.vote.chainId - b.vote.chainId);
