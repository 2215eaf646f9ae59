import {
  bytesToHex,
  entryBody,
  entryId,
  equalBytes,
  intentDigest,
  type LogEntry,
  Prepare,
  Reason,
} from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import { checkIntentSignatures } from '../planning/intent-signers.js';
import { planOperation } from '../planning/plan-operation.js';
import { isSamePlan } from '../planning/same-plan.js';
import { OperationStatus } from '../state/row-types.js';
import { type BlockScope, clockOf, placeIn } from './block-scope.js';
import { LedgerHaltError } from './halt-error.js';
import { holdOwnLegs } from './own-legs.js';
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
  const prepare = readEntry(block, sequence, () => Prepare.deserialize(entryBody(bytes)) as Prepare);
  const { operationId, participants, deadlineMs } = prepare;
  const key = bytesKey(operationId);
  if (state.operations.get(key)) {
    throw new LedgerHaltError(
      { code: 'HALT_PREPARE_REPEATED', ...placeIn(block, sequence), operationId: bytesToHex(operationId) },
      `I16: the undecided operation ${bytesToHex(operationId)} is prepared again`,
    );
  }
  const takesPart = participants.includes(chainId);
  const reason = takesPart ? judge(block, prepare) : Reason.none;
  const status = !takesPart ? OperationStatus.observed : statusOf(reason);
  const legs = status === OperationStatus.held ? prepare.legs.filter((leg) => leg.chainId === chainId) : [];
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
  const event = { operationId, slot: row.slot, sequence, kind, participants, deadlineMs };
  const { operationEvents, votes } = block.result;
  if (!takesPart) {
    operationEvents.push({ type: 'observed', ...event });
    return;
  }
  operationEvents.push(
    reason === Reason.none ? { type: 'held', ...event, legs } : { type: 'refused', ...event, reason },
  );
  votes.push({
    operationId,
    prepareId: row.prepareId,
    prepareBlockHash: row.prepareBlockHash,
    chainId,
    yes: reason === Reason.none,
    reason,
    laneSequence: block.laneSequences.own,
    sharedLaneSequence: block.laneSequences.shared,
    clock: clockOf(state),
  });
}

const statusOf = (reason: Reason): OperationStatus =>
  reason === Reason.none ? OperationStatus.held : OperationStatus.refused;

/**
 * Places the own holds, or says why not: the plan's own refusal, `malformed_prepare` where PREPARE says anything else
 * than the plan, names another id than the intent's digest or lacks a signature, and last what is not covered.
 */
function judge(block: BlockScope, prepare: Prepare): Reason {
  const { registry, prices, timestampMs, logId } = block;
  const { intent, signatures, legs } = prepare;
  const { prepareMsMax } = block.genesis;
  const plan = planOperation({ intent, registry, prices, timestampMs, prepareMsMax });
  if (!plan.ok) return plan.reason;
  const { terms } = block.index.series(intent.value.series)!;
  const digest = intentDigest(logId, terms.positionChainId, intent);
  if (!isSamePlan(plan, prepare) || !equalBytes(digest, prepare.operationId)) return Reason.malformed_prepare;
  if (checkIntentSignatures(intent, signatures, registry, logId, block.recover)) return Reason.malformed_prepare;
  return holdOwnLegs(block.state, block.chainId, intent.selector, legs) ?? Reason.none;
}
