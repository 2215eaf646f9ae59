import { checkDecision, CommitProtocolError } from '#libs/atomic-commit';
import {
  bytesToHex,
  type Decision,
  decodeDecision,
  type LogEntry,
  Outcome,
  type Reason,
  type SignedVote,
} from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import { OperationStatus, type OperationRow } from '../state/row-types.js';
import type { Row } from '../state/slot-table.js';
import { advanceClock, type BlockScope, placeIn } from './block-scope.js';
import { LedgerHaltError } from './halt-error.js';
import { measureLegs, postOwnLegs, voidOwnLegs } from './own-legs.js';
import { readEntry } from './read-entry.js';

/**
 * DECISION: a commit posts the own holds and lands the own credits, an abort makes available what is still held. The
 * operation is forgotten; the clock learns from the votes.
 * @throws LedgerHaltError without an undecided operation (I16), when the decision breaks the commit protocol (I17), and
 * on a commit for which this rollup holds nothing (I18)
 */
export function applyDecision(block: BlockScope, { sequence, bytes }: LogEntry): void {
  const { state } = block;
  const decision = readEntry(block, sequence, () => decodeDecision(bytes));
  const { operationId } = decision;
  const row = state.operations.get(bytesKey(operationId));
  if (!row) {
    throw new LedgerHaltError(
      { code: 'HALT_DECISION_WITHOUT_PREPARE', ...placeIn(block, sequence), operationId: bytesToHex(operationId) },
      `I16: a decision of ${bytesToHex(operationId)}, which is not prepared or decided already`,
    );
  }
  requireValid(block, sequence, row, decision);
  const outcome = decision.outcome as Outcome;
  const reason = decision.reason as Reason;
  const { slot, legs } = row;
  const { operationEvents } = block.result;
  if (row.status !== (OperationStatus.held as number)) {
    if (outcome === Outcome.commit) requireObserved(block, sequence, row);
    operationEvents.push({ type: 'recorded', operationId, slot, sequence, outcome, reason });
  } else if (outcome === Outcome.commit) {
    const amounts = measureLegs(state, legs, () => postOwnLegs(state, block.index, legs));
    operationEvents.push({ type: 'posted', operationId, slot, sequence, legs, amounts });
  } else {
    const amounts = measureLegs(state, legs, () => voidOwnLegs(state, legs));
    operationEvents.push({ type: 'voided', operationId, slot, sequence, reason, legs, amounts });
  }
  state.operations.free(row);
  learnFrom(block, decision.votes);
}

/** The commit protocol's own check, its error turned into a halt. */
function requireValid(block: BlockScope, sequence: bigint, row: OperationRow, decision: Decision): void {
  const { timestampMs, logId, recover } = block;
  try {
    checkDecision(row, decision, { timestampMs, logId, recover });
  } catch (error) {
    if (!(error instanceof CommitProtocolError)) throw error;
    const operationId = bytesToHex(row.operationId);
    throw new LedgerHaltError(
      {
        code: 'HALT_DECISION_INVALID',
        ...placeIn(block, sequence),
        operationId,
        fault: error.code,
        detail: error.message,
      },
      error.message,
      { cause: error },
    );
  }
}

/** A commit is possible where this rollup takes no part; else it has said no, or its hold has expired. */
function requireObserved(block: BlockScope, sequence: bigint, row: Row<OperationRow>): void {
  if (row.status === (OperationStatus.observed as number)) return;
  const operationId = bytesToHex(row.operationId);
  const status = OperationStatus[row.status]!;
  throw new LedgerHaltError(
    { code: 'HALT_COMMIT_WITHOUT_HOLD', ...placeIn(block, sequence), operationId, status },
    `I18: operation ${operationId} is committed, but on this rollup it is ${status}`,
  );
}

/** Evidence only: what the voters' clocks say of registered rollups. The own entry comes from the log alone. */
function learnFrom(block: BlockScope, votes: readonly SignedVote[]): void {
  for (const { vote } of votes) {
    for (const { chainId, laneSequence } of [...vote.clock, vote]) {
      if (chainId === block.chainId || !block.index.rollup(chainId)) continue;
      advanceClock(block.state, chainId, laneSequence);
    }
  }
}
