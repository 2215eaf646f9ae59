import type { PendingVote, VerifiedBlock } from '#libs/executor-sdk';
import type { BlockResult, LegAmounts, OperationEvent } from '#libs/options';
import { bytesToHex, Reason } from '#libs/protocol';
import { type OperationRecord, type OperationStep, StepType } from '../store/operation-record.js';

type OwnEvent = Exclude<OperationEvent, { type: 'observed' | 'cleared' }>;

/**
 * What happens to the operations that this rollup takes part in, step by step, for the store. Only undecided ones are
 * kept in memory.
 *
 *     PREPARE ─ held ────┬──────────────► posted | voided
 *             │          └─ expired ────► recorded
 *             └ refused ────────────────► recorded
 */
export class OperationBook {
  private readonly undecided = new Map<string, OperationRecord>();

  /** Takes in the undecided records of the store. */
  load(records: readonly OperationRecord[]): void {
    for (const record of records) this.undecided.set(bytesToHex(record.operationId), record);
  }

  /**
   * @param votes the votes signed in this block
   * @returns the records that the block made or changed, to be stored with it
   */
  apply(block: VerifiedBlock, { operationEvents, votes: drafts }: BlockResult, votes: readonly PendingVote[]) {
    const changed = new Map<string, OperationRecord>();
    for (const event of operationEvents) {
      if (event.type === 'observed' || event.type === 'cleared') continue;
      const id = bytesToHex(event.operationId);
      const isPrepare = event.type === 'held' || event.type === 'refused';
      const record = isPrepare ? newRecord(event) : this.undecided.get(id);
      // Of an operation that this rollup only observed, or one prepared before records were kept.
      if (!record) continue;
      record.steps.push(stepOf(block, event));
      changed.set(id, record);
      if (isPrepare || event.type === 'expired') this.undecided.set(id, record);
      else this.undecided.delete(id);
    }
    for (const { operationId, prepareId } of drafts) {
      const record = changed.get(bytesToHex(operationId));
      if (record) record.prepareId = prepareId;
    }
    for (const { operationId, bytes } of votes) {
      const record = changed.get(bytesToHex(operationId));
      if (record) record.vote = bytes;
    }
    return [...changed.values()];
  }
}

function newRecord(event: Extract<OwnEvent, { type: 'held' | 'refused' }>): OperationRecord {
  const { operationId, kind, participants, deadlineMs, legs } = event;
  const unset = { prepareId: new Uint8Array(32), vote: new Uint8Array(0) };
  return { operationId, kind, participants, deadlineMs, legs, steps: [], ...unset };
}

function stepOf({ header, hash }: VerifiedBlock, event: OwnEvent): OperationStep {
  return {
    type: StepType[event.type],
    blockNumber: header.number,
    blockHash: hash,
    timestampMs: header.timestamp,
    sequence: 'sequence' in event ? event.sequence : 0n,
    reason: 'reason' in event ? event.reason : event.type === 'expired' ? Reason.expired : Reason.none,
    amounts: 'amounts' in event ? event.amounts.map(storedAmounts) : [],
  };
}

const storedAmounts = ({ before, after }: LegAmounts): OperationStep['amounts'][number] => ({
  availableBefore: before.available,
  heldBefore: before.held,
  availableAfter: after.available,
  heldAfter: after.held,
});
