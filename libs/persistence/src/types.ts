import { type EntryKind, type Header, type OperationKind, type Outcome, type Reason } from '#libs/protocol';

/** One lane of a block: whose it is (0: shared), the lane sequence of its first entry or of the next to come, its root. */
export interface DurableLane {
  chainId: number;
  firstLaneSequence: bigint;
  /** SSZ root of the lane, 32 bytes. */
  root: Uint8Array;
}

/** An entry as it stands in the log. */
export interface StoredEntry {
  sequence: bigint;
  /** Chain id of the rollup in whose lane it stands; 0 for the shared lane. */
  lane: number;
  laneSequence: bigint;
  kind: EntryKind;
  /** 32 bytes. */
  id: Uint8Array;
  /** Of transactions: the account that signed, 20 bytes. */
  sender: Uint8Array | null;
  /** Of transactions; below 2^63 (admission refuses larger ones, nobody can reach them one by one). */
  nonce: bigint | null;
  /** Kind byte ‖ body. */
  bytes: Uint8Array;
}

/** An entry that was read, with the block it stands in. */
export interface LoggedEntry extends StoredEntry {
  blockNumber: number;
}

/** A signed block that is to be made durable. `lanes` in the order of the header's lanes root, entries by sequence. */
export interface DurableBlock {
  header: Header;
  hash: Uint8Array;
  signature: Uint8Array;
  lanes: DurableLane[];
  entries: StoredEntry[];
}

/** A block's header as read from the log, without its entries. */
export interface BlockRow {
  number: number;
  header: Header;
  hash: Uint8Array;
  signature: Uint8Array;
  lanes: LaneRow[];
}

export interface LaneRow extends DurableLane {
  entryCount: number;
}

/** A PREPARE's row: what is needed to find an operation and to finish it. */
export interface OperationRow {
  operationId: Uint8Array;
  kind: OperationKind;
  series: Uint8Array;
  /** The first signer, whose nonce is used up. */
  signer: Uint8Array;
  nonce: bigint;
  /** SSZ of the intent. */
  intentBody: Uint8Array;
  /** Entry id of PREPARE. */
  prepareId: Uint8Array;
  prepareSequence: bigint;
  prepareBlock: number;
  /** Log time in ms. */
  deadlineMs: number;
}

export interface DecisionRow {
  operationId: Uint8Array;
  sequence: bigint;
  blockNumber: number;
  outcome: Outcome;
  reason: Reason;
  /** Log time of its block in ms. */
  timestampMs: number;
}

/** An operation without a decision, with what the relay needs to go on. */
export interface UndecidedOperation extends OperationRow {
  /** Serialised PREPARE entry: kind byte ‖ body. */
  prepareBytes: Uint8Array;
  prepareBlockHash: Uint8Array;
  prepareBlockTimestampMs: number;
}

/** The newest durable block, and the epoch that may append the next. Number 0 is genesis, its hash the log id. */
export interface Head {
  epoch: number;
  number: number;
  hash: Uint8Array;
  /** Sequence of the newest entry; 0 before the first. */
  lastSequence: bigint;
  timestampMs: number;
}

/** An admin command in the hash-chained audit log (I34), as `nextAuditRow` makes it. */
export interface AuditRow {
  /** Gap-free from 1. */
  id: bigint;
  /** Log time in ms. */
  atMs: number;
  actor: string;
  command: string;
  /** Canonical JSON (RFC 8785). */
  detail: string;
  /** The hash of the row before; 32 zero bytes for the first. */
  previousHash: Uint8Array;
  /** See `auditHash`. */
  hash: Uint8Array;
}

/** An audit row that was read, with the block in whose transaction it was written (which the hash does not cover). */
export interface LoggedAudit extends AuditRow {
  blockNumber: number;
}

/** What is written in the same transaction as its block. */
export interface BlockExtras {
  operations: OperationRow[];
  decisions: DecisionRow[];
  /** In the order of their ids, from the log's last and one. */
  audits?: AuditRow[];
}

/**
 * How an append ended.
 * - `written`: by this call.
 * - `own`: an earlier call with an unknown outcome had written this very block. It is durable; whether we still lead
 *   is another matter, which `head.epoch` answers.
 * - `conflict`: nothing was written; `head` is what the log says instead.
 */
export type AppendResult = { status: 'written' } | { status: 'own'; head: Head } | { status: 'conflict'; head: Head };
