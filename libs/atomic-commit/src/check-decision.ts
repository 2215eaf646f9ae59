import { bytesToHex, type Decision, equalBytes, LockstepError, Outcome, Reason } from '#libs/protocol';
import { checkVote, type VoteFault } from './check-vote.js';
import type { PreparedOperation, RecoverAddress } from './prepared-operation.js';

export type CommitProtocolErrorType = { operationId: string } & (
  | { code: 'DECISION_WRONG_OPERATION' }
  | { code: 'DECISION_WRONG_PREPARE' }
  | { code: 'DECISION_BAD_VOTE'; chainId: number; fault: VoteFault | 'repeated' }
  | { code: 'COMMIT_AFTER_DEADLINE'; timestampMs: number; deadlineMs: number }
  | { code: 'COMMIT_WITHOUT_YES'; missing: number[] }
  | { code: 'COMMIT_WITH_REASON' }
  | { code: 'ABORT_WITHOUT_CAUSE' }
  | { code: 'DECISION_STRAY_AUDIT_ID'; auditId: bigint }
  | { code: 'DECISION_UNKNOWN_OUTCOME'; outcome: number }
);

/** A decision in the log that breaks the commit protocol's rules: the leader is at fault. */
export class CommitProtocolError extends LockstepError<CommitProtocolErrorType> {}

/** Where a decision stands. */
export interface DecisionContext {
  /** Timestamp of the block that carries the decision, log time in ms. */
  timestampMs: number;
  logId: Uint8Array;
  recover: RecoverAddress;
}

/**
 * Checks a DECISION against its PREPARE (I17): COMMIT needs one valid yes of every participant and timestamp ≤ deadline;
 * ABORT needs a valid no with its reason, an operator's abort that names its audit row, or timestamp > deadline.
 * @throws CommitProtocolError
 */
export function checkDecision(operation: PreparedOperation, decision: Decision, context: DecisionContext): void {
  const fail = (type: DistributiveOmit<CommitProtocolErrorType, 'operationId'>, message: string): never => {
    const operationId = bytesToHex(operation.operationId);
    throw new CommitProtocolError({ ...type, operationId }, `I17: the decision of operation ${operationId} ${message}`);
  };
  if (!equalBytes(decision.operationId, operation.operationId)) {
    fail({ code: 'DECISION_WRONG_OPERATION' }, `names operation ${bytesToHex(decision.operationId)}`);
  }
  if (!equalBytes(decision.prepareId, operation.prepareId)) {
    fail({ code: 'DECISION_WRONG_PREPARE' }, `names prepare ${bytesToHex(decision.prepareId)}`);
  }
  const { auditId } = decision;
  if (auditId !== 0n && decision.reason !== (Reason.operator_abort as number)) {
    fail({ code: 'DECISION_STRAY_AUDIT_ID', auditId }, `names audit row ${auditId} but is no operator's abort`);
  }
  const voted = new Set<number>();
  for (const signed of decision.votes) {
    const { chainId } = signed.vote;
    const fault = voted.has(chainId) ? 'repeated' : checkVote(signed, operation, context.logId, context.recover);
    if (fault) fail({ code: 'DECISION_BAD_VOTE', chainId, fault }, `carries a vote of ${chainId} that is ${fault}`);
    voted.add(chainId);
  }
  const late = context.timestampMs > operation.deadlineMs;
  switch (decision.outcome as Outcome) {
    case Outcome.commit: {
      const yes = new Set(decision.votes.filter(({ vote }) => vote.yes).map(({ vote }) => vote.chainId));
      const missing = operation.participants.map(({ chainId }) => chainId).filter((chainId) => !yes.has(chainId));
      if (missing.length > 0) fail({ code: 'COMMIT_WITHOUT_YES', missing }, `commits without ${missing.join(', ')}`);
      if (late) {
        const { timestampMs } = context;
        const { deadlineMs } = operation;
        fail({ code: 'COMMIT_AFTER_DEADLINE', timestampMs, deadlineMs }, `commits at ${timestampMs} > ${deadlineMs}`);
      }
      if (decision.reason !== (Reason.none as number)) fail({ code: 'COMMIT_WITH_REASON' }, 'commits with a reason');
      return;
    }
    case Outcome.abort:
      if (!abortHasCause(decision, late)) fail({ code: 'ABORT_WITHOUT_CAUSE' }, 'aborts without a cause');
      return;
    default:
      fail({ code: 'DECISION_UNKNOWN_OUTCOME', outcome: decision.outcome }, `has outcome ${decision.outcome}`);
  }
}

function abortHasCause(decision: Decision, late: boolean): boolean {
  switch (decision.reason as Reason) {
    case Reason.expired:
      return late;
    case Reason.operator_abort:
      return decision.auditId > 0n;
    case Reason.none:
      return false;
    default:
      return decision.votes.some(({ vote }) => !vote.yes && vote.reason === decision.reason);
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;
