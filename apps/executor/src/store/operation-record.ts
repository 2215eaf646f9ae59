import { ByteListType, ContainerType, ListBasicType, ListCompositeType } from '@chainsafe/ssz';
import { Bytes32, Leg, LEGS_MAX, PARTICIPANTS_MAX, Uint256, Uint53, Uint64, Uint8, type ValueOf } from '#libs/protocol';

/** What an operation went through on this rollup; the values are part of the store's form. */
export enum StepType {
  /** PREPARE: its legs are held. */
  held = 1,
  /** PREPARE: this rollup said no. */
  refused = 2,
  /** Its deadline passed before a decision: the holds were voided. */
  expired = 3,
  /** COMMIT: its legs were posted. */
  posted = 4,
  /** ABORT: its holds were voided. */
  voided = 5,
  /** ABORT that moved nothing here: refused, or expired before. */
  recorded = 6,
}

const LegAmountsType = new ContainerType({
  availableBefore: Uint256,
  heldBefore: Uint256,
  availableAfter: Uint256,
  heldAfter: Uint256,
});

const OperationStep = new ContainerType({
  type: Uint8,
  blockNumber: Uint53,
  blockHash: Bytes32,
  /** Log time. */
  timestampMs: Uint53,
  /** Global sequence of PREPARE or DECISION; 0 for an expiry, which is no entry. */
  sequence: Uint64,
  reason: Uint8,
  /** In the order of the record's legs; none where the step moved nothing. */
  amounts: new ListCompositeType(LegAmountsType, LEGS_MAX),
});
export type OperationStep = ValueOf<typeof OperationStep>;

/** What this executor keeps of an operation that its rollup takes part in: evidence for people, unsigned. */
export const OperationRecord = new ContainerType(
  {
    operationId: Bytes32,
    prepareId: Bytes32,
    kind: Uint8,
    participants: new ListBasicType(Uint53, PARTICIPANTS_MAX),
    deadlineMs: Uint53,
    /** This rollup's own legs; none where PREPARE was not what its intent means. */
    legs: new ListCompositeType(Leg, LEGS_MAX),
    /** The own `SignedVote`, serialised; empty of a replica. */
    vote: new ByteListType(8192),
    /** At most three: PREPARE, expiry, DECISION. */
    steps: new ListCompositeType(OperationStep, 4),
  },
  { typeName: 'OperationRecord' },
);
export type OperationRecord = ValueOf<typeof OperationRecord>;
