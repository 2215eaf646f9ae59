import type { ClockEntry, Header, Leg, LogEntry, OperationKind, Outcome, Reason } from '#libs/protocol';
import type { Holding } from '../state/holding-table.js';

/** Last lane sequences up to and including a block. */
export interface LaneSequences {
  own: bigint;
  shared: bigint;
}

/** A block as a rollup's executor receives it, verified. */
export interface LedgerBlock {
  header: Header;
  /** The block hash, 32 bytes. */
  hash: Uint8Array;
  /** Entries of the shared lane and of the own one, merged in ascending global sequence. */
  entries: readonly LogEntry[];
  laneSequences: LaneSequences;
}

/** An EVM log. */
export interface EventLog {
  /** The contract that wrote it: the options market. */
  address: Uint8Array;
  /** 32 bytes each; the first names the event. */
  topics: Uint8Array[];
  data: Uint8Array;
}

/** What became of one transaction. */
export interface TransactionReceipt {
  /** keccak of the raw transaction: the entry's id. */
  hash: Uint8Array;
  /** Global sequence. */
  sequence: bigint;
  /** Place among this rollup's transactions in the block, from 0: what Ethereum calls the transaction index. */
  index: number;
  /** Place in the rollup's own lane of the block, from 0; state roots count. */
  laneIndex: number;
  from: Uint8Array;
  /** Null: a contract creation, always reverted. */
  to: Uint8Array | null;
  nonce: bigint;
  status: 'success' | 'reverted';
  gasUsed: bigint;
  effectiveGasPrice: bigint;
  /** None of a reverted transaction. */
  logs: EventLog[];
  revertReason?: string;
  /** ABI-encoded Error(string) of the reason. */
  revertData?: Uint8Array;
}

/** A vote without what the executor adds: log id, state root of the previous block, signature. */
export interface VoteDraft {
  operationId: Uint8Array;
  /** Entry id of PREPARE. */
  prepareId: Uint8Array;
  prepareBlockHash: Uint8Array;
  chainId: number;
  yes: boolean;
  /** `Reason.none` where `yes`. */
  reason: Reason;
  /** Lane sequences up to and including PREPARE's block. */
  laneSequence: bigint;
  sharedLaneSequence: bigint;
  /** Vector clock as of PREPARE, ascending chain ids, the own one included. */
  clock: ClockEntry[];
}

interface OfOperation {
  operationId: Uint8Array;
  /** Slot of the undecided operation in the state's list. */
  slot: number;
}

/**
 * What a step of an operation made of the holding that a leg draws on or credits: before and after the whole step, so
 * two legs on one balance both say what the two did together.
 */
export interface LegAmounts {
  before: Holding;
  after: Holding;
}

/** An operation's own legs, credits included, and for each of them, in the same order, what the step changed. */
interface WithLegs {
  legs: Leg[];
  amounts: LegAmounts[];
}

/** What happened to operations and series on this rollup, in order. */
export type OperationEvent =
  /** PREPARE: this rollup takes part and its legs are held. */
  | (OfOperation & Prepared & WithLegs & { type: 'held' })
  /** PREPARE: this rollup takes part and said no. It has legs where they are the plan's, and one is not covered. */
  | (OfOperation & Prepared & WithLegs & { type: 'refused'; reason: Reason })
  /** PREPARE: this rollup takes no part. */
  | (OfOperation & Prepared & { type: 'observed' })
  /** COMMIT: the own holds are gone, the own credits have landed. */
  | (OfOperation & WithLegs & { type: 'posted'; sequence: bigint })
  /** ABORT: the own holds are available again. */
  | (OfOperation & WithLegs & { type: 'voided'; sequence: bigint; reason: Reason })
  /** The deadline passed at the start of this block: the own holds are available again. */
  | (OfOperation & WithLegs & { type: 'expired'; deadlineMs: number })
  /** DECISION that moves nothing here: not taken part, refused, or expired before the abort. */
  | (OfOperation & { type: 'recorded'; sequence: bigint; outcome: Outcome; reason: Reason })
  /** A series was cleared at the start of this block. */
  | SeriesCleared;

interface Prepared {
  sequence: bigint;
  kind: OperationKind;
  /** Ascending chain ids. */
  participants: number[];
  deadlineMs: number;
}

export interface SeriesCleared {
  type: 'cleared';
  series: Uint8Array;
  /** Long quantity that lapsed on this rollup. */
  longs: bigint;
  /** Exposure that lapsed on this rollup. */
  shorts: bigint;
  /** Collateral given back on this rollup. */
  returned: { backer: Uint8Array; asset: Uint8Array; amount: bigint }[];
}

/** What applying one block gave. */
export interface BlockResult {
  /** One for each own transaction, in order. */
  receipts: TransactionReceipt[];
  /** One for each PREPARE in which this rollup takes part, in order. */
  votes: VoteDraft[];
  operationEvents: OperationEvent[];
  /** Whether anything but state roots and an empty heartbeat happened: expiry and clearing count. */
  changed: boolean;
}
