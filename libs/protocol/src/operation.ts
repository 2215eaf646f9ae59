import { ListCompositeType, ListBasicType, UnionType } from '@chainsafe/ssz';
import { LEGS_MAX, PARTICIPANTS_MAX, ROLLUPS_MAX } from './constants.js';
import { ContainerType } from './ssz/container.js';
import { Address, Bool, Bytes32, Signature, Uint256, Uint53, Uint64, Uint8, type ValueOf } from './ssz/primitives.js';

export enum OperationKind {
  exercise = 0,
  write = 1,
  close = 2,
}
export type OperationKindName = keyof typeof OperationKind;

/** Signed by the holder (design, section 7). Deadlines are log time in ms, quantities base units of the underlying. */
export const ExerciseIntent = new ContainerType(
  {
    series: Bytes32,
    holder: Address,
    backer: Address,
    quantity: Uint256,
    minPriceRound: Uint64,
    maxPriceAgeMs: Uint64,
    deadlineMs: Uint64,
    nonce: Uint256,
  },
  { typeName: 'ExerciseIntent' },
);
export type ExerciseIntent = ValueOf<typeof ExerciseIntent>;

/** Signed by writer and buyer, and by the backer where that is a pool. */
export const WriteIntent = new ContainerType(
  {
    series: Bytes32,
    writer: Address,
    backer: Address,
    buyer: Address,
    quantity: Uint256,
    premium: Uint256,
    deadlineMs: Uint64,
    nonce: Uint256,
  },
  { typeName: 'WriteIntent' },
);
export type WriteIntent = ValueOf<typeof WriteIntent>;

/** Signed by holder and backer. */
export const CloseIntent = new ContainerType(
  {
    series: Bytes32,
    holder: Address,
    backer: Address,
    quantity: Uint256,
    payment: Uint256,
    deadlineMs: Uint64,
    nonce: Uint256,
  },
  { typeName: 'CloseIntent' },
);
export type CloseIntent = ValueOf<typeof CloseIntent>;

/** `selector` is an {@link OperationKind}. */
export const Intent = new UnionType([ExerciseIntent, WriteIntent, CloseIntent]);
export type Intent =
  | { selector: OperationKind.exercise; value: ExerciseIntent }
  | { selector: OperationKind.write; value: WriteIntent }
  | { selector: OperationKind.close; value: CloseIntent };

/** What a leg changes. */
export enum LegAccount {
  /** Balance of `owner` in the asset that `subject` names (its address, right-aligned in 32 bytes). */
  balance = 1,
  /** Long position of `owner` in series `subject` with `backer`. */
  position = 2,
  /** Exposure of `backer` in series `subject`. */
  exposure = 3,
  /** Locked collateral of `backer` for series `subject`. */
  collateral = 4,
}

/** HOLD: a debit, reserved at PREPARE. CREDIT: lands at COMMIT and cannot fail. */
export enum LegDirection {
  hold = 1,
  credit = 2,
}

/** One participant's part of an operation. */
export const Leg = new ContainerType(
  {
    chainId: Uint53,
    direction: Uint8,
    account: Uint8,
    owner: Address,
    subject: Bytes32,
    backer: Address,
    amount: Uint256,
  },
  { typeName: 'Leg' },
);
export type Leg = ValueOf<typeof Leg>;

/** The entry that begins the two-phase commit of an operation. */
export const Prepare = new ContainerType(
  {
    /** The EIP-712 digest of the intent. */
    operationId: Bytes32,
    intent: Intent,
    /** One signature for each required signer, in the order of {@link requiredSigners}. */
    signatures: new ListCompositeType(Signature, 4),
    /** Chain ids, ascending. */
    participants: new ListBasicType(Uint53, PARTICIPANTS_MAX),
    legs: new ListCompositeType(Leg, LEGS_MAX),
    /** The price round that counts; 0 where no price is needed. */
    priceRound: Uint64,
    /** What the holder receives; 0 for write and close. */
    payout: Uint256,
    /** min(intent's deadline, block timestamp + prepareMsMax), log time in ms. */
    deadlineMs: Uint53,
  },
  { typeName: 'Prepare' },
);
export type Prepare = Omit<ValueOf<typeof Prepare>, 'intent'> & { intent: Intent };

export const ClockEntry = new ContainerType({ chainId: Uint53, laneSequence: Uint64 }, { typeName: 'ClockEntry' });
export type ClockEntry = ValueOf<typeof ClockEntry>;

/** A participant's answer to a PREPARE: a pure function of the log's prefix. */
export const Vote = new ContainerType(
  {
    logId: Bytes32,
    /** Hash of the block that carries PREPARE. */
    prepareBlockHash: Bytes32,
    operationId: Bytes32,
    /** Entry id of PREPARE. */
    prepareId: Bytes32,
    chainId: Uint53,
    yes: Bool,
    /** A {@link Reason}; none where `yes`. */
    reason: Uint8,
    /** Evidence only: sequences of the own and the shared lane up to PREPARE's block. */
    laneSequence: Uint64,
    sharedLaneSequence: Uint64,
    /** Evidence only: state root after the previous block. */
    stateRoot: Bytes32,
    /** Evidence only: the executor's vector clock as of PREPARE, ascending chain ids. */
    clock: new ListCompositeType(ClockEntry, ROLLUPS_MAX),
  },
  { typeName: 'Vote' },
);
export type Vote = ValueOf<typeof Vote>;

export const SignedVote = new ContainerType({ vote: Vote, signature: Signature }, { typeName: 'SignedVote' });
export type SignedVote = ValueOf<typeof SignedVote>;

export enum Outcome {
  commit = 1,
  abort = 2,
}

/** The entry that ends the two-phase commit; its votes are its certificate. */
export const Decision = new ContainerType(
  {
    operationId: Bytes32,
    prepareId: Bytes32,
    outcome: Uint8,
    /** A {@link Reason}; none for a commit. */
    reason: Uint8,
    votes: new ListCompositeType(SignedVote, PARTICIPANTS_MAX),
    /** The audit row of an operator's abort; 0 otherwise. */
    auditId: Uint64,
  },
  { typeName: 'Decision' },
);
export type Decision = ValueOf<typeof Decision>;

/** `subject` of a balance leg: the asset's address right-aligned in 32 bytes. */
export function assetSubject(asset: Uint8Array): Uint8Array {
  const subject = new Uint8Array(32);
  subject.set(asset, 12);
  return subject;
}

/** The asset that a balance leg's `subject` names. */
export const subjectAsset = (subject: Uint8Array): Uint8Array => subject.subarray(12);

/** The signer whose nonce an intent uses: writer or holder. */
export function firstSigner(intent: Intent): Uint8Array {
  return intent.selector === OperationKind.write ? intent.value.writer : intent.value.holder;
}
