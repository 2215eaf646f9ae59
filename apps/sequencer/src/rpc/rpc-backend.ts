import type { Certificate, Genesis, Header, Intent, ProvedEntry, Registry, RegistryExport } from '#libs/protocol';
import type { OperationReceipt } from '../engine/operation-desk.js';
import type { TransactionResult } from '../engine/transaction-candidate.js';

/** A transaction as it stands in the log. */
export interface LoggedTransaction {
  hash: Uint8Array;
  /** The raw EIP-2718 bytes. */
  raw: Uint8Array;
  sender: Uint8Array;
  blockNumber: number;
  blockHash: Uint8Array;
  /** Place among the rollup's transactions of its block, from 0. */
  index: number;
}

/** A block as one rollup sees it. */
export interface RollupBlock {
  header: Header;
  hash: Uint8Array;
  /** The rollup's transactions, in order. */
  transactions: LoggedTransaction[];
}

/** An operation with all the log says of it, as JSON answers it. */
export interface OperationView {
  id: string;
  kind: string;
  status: 'prepared' | 'committed' | 'aborted';
  /** Why it was aborted; null otherwise. */
  reason: string | null;
  intent: Record<string, string>;
  legs: Record<string, string | number>[];
  participants: number[];
  /** The price round that counted; `0` where none did. */
  priceRound: string;
  /** What the holder receives on a commit, in base units. */
  payout: string;
  deadlineMs: number;
  prepare: { block: number; sequence: string; timestamp: number; id: string };
  decision: {
    block: number;
    sequence: string;
    timestamp: number;
    outcome: 'commit' | 'abort';
    reason: string | null;
  } | null;
  votes: Record<string, unknown>[];
}

/** What the JSON-RPC server asks of the sequencer. Everything thrown is a SubmissionError or an ExecutorReadError. */
export interface RpcBackend {
  genesis(): Genesis;
  /** In force in the next block. */
  registry(): Registry;
  /** The newest durable block. */
  head(): { number: number; hash: Uint8Array; timestampMs: number };
  submitTransactions(chainId: number, raws: readonly Uint8Array[]): Promise<TransactionResult[]>;
  /** The next nonce that would be admitted, what is on its way included. */
  nextNonce(chainId: number, sender: Uint8Array): Promise<bigint>;
  submitOperation(intent: Intent, signatures: Uint8Array[]): Promise<OperationReceipt>;
  operation(id: Uint8Array): Promise<OperationView | null>;
  /** Of a decided operation. */
  certificate(id: Uint8Array): Promise<Certificate | null>;
  preconfirmation(transactionHash: Uint8Array): Promise<ProvedEntry | null>;
  /** Registries in force in these blocks; none given: the newest ones. */
  registries(blocks: readonly number[]): Promise<RegistryExport>;
  block(chainId: number, number: number): Promise<RollupBlock | null>;
  blockByHash(chainId: number, hash: Uint8Array): Promise<RollupBlock | null>;
  transaction(chainId: number, hash: Uint8Array): Promise<LoggedTransaction | null>;
  /**
   * Asks the rollup's executor over NATS: `read.<chainId>` with {method, params}.
   * @throws SubmissionError code EXECUTOR_UNAVAILABLE when none answers in time, or the executor's own error
   */
  readExecutor(chainId: number, method: string, params: unknown, timeoutMs?: number): Promise<unknown>;
  /** Serialised ReplayResponse for `GET /v1/feed/<chainId>`. @throws MessagingError for a malformed request */
  replay(chainId: number, request: { from: number; limit: number; offset: number }): Promise<Uint8Array>;
}
