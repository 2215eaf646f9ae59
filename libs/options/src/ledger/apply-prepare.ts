import {
  bytesToHex,
  decodePrepare,
  entryId,
  equalBytes,
  intentDigest,
  type Leg,
  type LogEntry,
  type Prepare,
  Reason,
} from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import { checkIntentSignatures } from '../planning/intent-signers.js';
import { planOperation } from '../planning/plan-operation.js';
import { isSamePlan } from '../planning/same-plan.js';
import { OperationStatus } from '../state/row-types.js';
import type { LegAmounts } from './block-result.js';
import { type BlockScope, clockOf, placeIn } from './block-scope.js';
import { LedgerHaltError } from './halt-error.js';
import { holdOwnLegs, measureLegs } from './own-legs.js';
import { readEntry } from './read-entry.js';

/** A voting key that signs nothing: of a participant that the registry does not know. */
const NO_KEY = new Uint8Array(20);

/**
 * PREPARE: remembers the undecided operation; where this rollup takes part, holds its legs or says why not, and drafts
 * the vote (design, section 7.3).
 * @throws LedgerHaltError when the operation is undecided already (I16)
 */
export function applyPrepare(block: BlockScope, { sequence, bytes }: LogEntry): void {
  const { state, chainId } = block;
  const prepare = readEntry(block, sequence, () => decodePrepare(bytes));
  const { operationId, participants, deadlineMs } = prepare;
  const key = bytesKey(operationId);
  if (state.operations.get(key)) {
    throw new LedgerHaltError(
      { code: 'HALT_PREPARE_REPEATED', ...placeIn(block, sequence), operationId: bytesToHex(operationId) },
      `I16: the undecided operation ${bytesToHex(operationId)} is prepared again`,
    );
  }
  const takesPart = participants.includes(chainId);
  const { reason, ownLegs, amounts } = takesPart ? judge(block, prepare) : NOT_CONCERNED;
  const status = !takesPart ? OperationStatus.observed : statusOf(reason);
  const legs = status === OperationStatus.held ? ownLegs : [];
  const kind = prepare.intent.selector;
  const row = state.operations.insert(
    {
      operationId,
      prepareId: entryId(bytes),
      prepareBlockHash: new Uint8Array(block.hash),
      kind,
      deadlineMs,
      participants: participants.map((id) => ({ chainId: id, votingKey: block.index.rollup(id)?.votingKey ?? NO_KEY })),
      legs,
      status,
      reason,
    },
    key,
  );
  const { slot } = row;
  const { operationEvents, votes } = block.result;
  // Field by field: a spread makes V8 change the object's shape for each of them.
  if (!takesPart) {
    operationEvents.push({ type: 'observed', operationId, slot, sequence, kind, participants, deadlineMs });
    return;
  }
  const isHeld = reason === Reason.none;
  operationEvents.push(
    isHeld
      ? { type: 'held', operationId, slot, sequence, kind, participants, deadlineMs, legs, amounts }
      : {
          type: 'refused',
          operationId,
          slot,
          sequence,
          kind,
          participants,
          deadlineMs,
          reason,
          legs: ownLegs,
          amounts,
        },
  );
  votes.push({
    operationId,
    prepareId: row.prepareId,
    prepareBlockHash: row.prepareBlockHash,
    chainId,
    yes: isHeld,
    reason,
    laneSequence: block.laneSequences.own,
    sharedLaneSequence: block.laneSequences.shared,
    clock: clockOf(state),
  });
}

/** What this rollup says to a PREPARE, and what that did to its legs. */
interface Judgement {
  reason: Reason;
  ownLegs: Leg[];
  amounts: LegAmounts[];
}

const NOT_CONCERNED: Judgement = { reason: Reason.none, ownLegs: [], amounts: [] };

const statusOf = (reason: Reason): OperationStatus =>
  reason === Reason.none ? OperationStatus.held : OperationStatus.refused;

/**
 * Places the own holds, or says why not: the plan's own refusal, `malformed_prepare` where PREPARE says anything else
 * than the plan, names another id than the intent's digest or lacks a signature, and last what is not covered.
 */
function judge(block: BlockScope, prepare: Prepare): Judgement {
  const fault = planFault(block, prepare);
  if (fault !== null) return { ...NOT_CONCERNED, reason: fault };
  const { state, chainId } = block;
  const ownLegs = prepare.legs.filter((leg) => leg.chainId === chainId);
  let reason: Reason | null = null;
  const amounts = measureLegs(state, ownLegs, () => {
    reason = holdOwnLegs(state, chainId, prepare.intent.selector, prepare.legs);
  });
  return { reason: reason ?? Reason.none, ownLegs, amounts };
}

/** Why PREPARE is not what its intent means; null where it is. */
function planFault(block: BlockScope, prepare: Prepare): Reason | null {
  const { registry, prices, timestampMs, logId } = block;
  const { intent, signatures } = prepare;
  const { prepareMsMax } = block.genesis;
  const plan = planOperation({ intent, registry, prices, timestampMs, prepareMsMax });
  if (!plan.ok) return plan.reason;
  const { terms } = block.index.series(intent.value.series)!;
  const digest = intentDigest(logId, terms.positionChainId, intent);
  if (!isSamePlan(plan, prepare) || !equalBytes(digest, prepare.operationId)) return Reason.malformed_prepare;
  if (checkIntentSignatures(intent, signatures, registry, logId, block.recover, digest))
    return Reason.malformed_prepare;
  return null;
}
