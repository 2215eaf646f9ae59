import type { ClockEntry, Header, Leg, LogEntry, OperationKind, Outcome, Reason } from '#libs/protocol';

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

/** What happened to operations and series on this rollup, in order. */
export type OperationEvent =
  /** PREPARE: this rollup takes part and its legs are held; `legs` are its own, credits included. */
  | (OfOperation & Prepared & { type: 'held'; legs: Leg[] })
  /** PREPARE: this rollup takes part and said no. */
  | (OfOperation & Prepared & { type: 'refused'; reason: Reason })
  /** PREPARE: this rollup takes no part. */
  | (OfOperation & Prepared & { type: 'observed' })
  /** COMMIT: the own holds are gone, the own credits have landed. */
  | (OfOperation & { type: 'posted'; sequence: bigint; legs: Leg[] })
  /** ABORT: the own holds are available again. */
  | (OfOperation & { type: 'voided'; sequence: bigint; reason: Reason; legs: Leg[] })
  /** The deadline passed at the start of this block: the own holds are available again. */
  | (OfOperation & { type: 'expired'; deadlineMs: number; legs: Leg[] })
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
