import { bytesToHex, LegAccount, LegDirection, OperationKind, Reason, SignedVote, subjectAsset } from '#libs/protocol';
import type { OperationRecord } from '../store/operation-record.js';
import { StepType } from '../store/operation-record.js';

/**
 * What this executor keeps of an operation, in JSON: unsigned evidence. Amounts are decimal strings of base units;
 * `available` and `held` are of the whole holding that a leg draws on or credits.
 */
export function operationJson(chainId: number, record: OperationRecord): Record<string, unknown> {
  const { operationId, prepareId, kind, participants, deadlineMs, legs, vote, steps } = record;
  return {
    chainId,
    id: bytesToHex(operationId),
    kind: OperationKind[kind],
    prepareId: bytesToHex(prepareId),
    participants,
    deadlineMs,
    status: StepType[steps.at(-1)!.type],
    vote: vote.length === 0 ? null : voteJson(vote),
    steps: steps.map(({ type, blockNumber, blockHash, timestampMs, sequence, reason }) => ({
      step: StepType[type],
      block: blockNumber,
      blockHash: bytesToHex(blockHash),
      timestampMs,
      sequence: sequence === 0n ? null : String(sequence),
      reason: reasonName(reason),
    })),
    legs: legs.map(({ direction, account, owner, subject, backer, amount }, place) => ({
      direction: LegDirection[direction],
      account: LegAccount[account],
      owner: bytesToHex(owner),
      backer: bytesToHex(backer),
      ...((account as LegAccount) === LegAccount.balance
        ? { asset: bytesToHex(subjectAsset(subject)) }
        : { series: bytesToHex(subject) }),
      amount: String(amount),
      changes: steps.flatMap(({ type, amounts }) => {
        const change = amounts[place];
        if (!change) return [];
        const before = { available: String(change.availableBefore), held: String(change.heldBefore) };
        const after = { available: String(change.availableAfter), held: String(change.heldAfter) };
        return [{ step: StepType[type], before, after }];
      }),
    })),
  };
}

function voteJson(bytes: Uint8Array): Record<string, unknown> {
  const { vote, signature } = SignedVote.deserialize(bytes);
  return {
    yes: vote.yes,
    reason: reasonName(vote.reason),
    prepareBlockHash: bytesToHex(vote.prepareBlockHash),
    laneSequence: String(vote.laneSequence),
    sharedLaneSequence: String(vote.sharedLaneSequence),
    stateRoot: bytesToHex(vote.stateRoot),
    clock: vote.clock.map(({ chainId, laneSequence }) => ({ chainId, laneSequence: String(laneSequence) })),
    signature: bytesToHex(signature),
  };
}

const reasonName = (reason: number): string | null => ((reason as Reason) === Reason.none ? null : Reason[reason]!);
