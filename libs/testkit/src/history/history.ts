import type { BlockRow, LoggedEntry } from '#libs/persistence';
import type { Genesis, Hex } from '#libs/protocol';

/**
 * What a run left behind, seen from all sides: the log, what each follower was handed, what each executor states, what
 * each client was told. Hashes, ids and roots that parties state are lower-case hex; what the log says is raw.
 */
export interface History {
  log: HistoryLog;
  followers?: readonly FollowerHistory[];
  executors?: readonly ExecutorState[];
  clients?: readonly ClientAttempt[];
  /** Earlier copies of the log (I6). */
  earlier?: readonly EarlierLog[];
  /** State roots that the run itself had signed wrong: no executor's fault, but its rollup must be quarantined after. */
  wrongRoots?: readonly Hex[];
}

/** The log as read from Postgres: blocks by number, entries by sequence. Nothing of it is trusted. */
export interface HistoryLog {
  genesis: Genesis;
  blocks: readonly BlockRow[];
  entries: readonly LoggedEntry[];
}

/** Hashes of an earlier copy of the log, from block 1 on without gaps. */
export interface EarlierLog {
  /** Says which copy this is, as in `before the first kill`. */
  name: string;
  hashes: readonly Hex[];
}

/** What one subscriber of the feed was handed. */
export interface FollowerHistory {
  name: string;
  chainId: number;
  /** The first block it asked for, at least 1. */
  from: number;
  /** In the order in which it was handed them. */
  handed: readonly HandedBlock[];
  /** Where it began again; only there blocks may repeat (delivery is at least once). */
  restarts?: readonly FollowerRestart[];
}

/** One block as handed to a subscriber. */
export interface HandedBlock {
  number: number;
  hash: Hex;
  /** Lane sequences of the first entry of each lane, or of the next to come. */
  firstLaneSequences: { own: bigint; shared: bigint };
  /** Of both lanes in the order handed out. */
  entries: readonly { sequence: bigint; id: Hex }[];
}

/** A subscriber came back, after a crash or to replay. */
export interface FollowerRestart {
  /** How many blocks it had been handed by then: the index in `handed` of the first one after. */
  afterHanded: number;
  /** The last block that it kept; the next one is due. */
  cursor: number;
}

/** What an executor states of itself at one height. What it does not state is not looked at. */
export interface ExecutorState {
  name: string;
  chainId: number;
  /** The last block it applied; 0 before the first. */
  number: number;
  blockHash?: Hex;
  stateRoot?: Hex;
  /** All of each asset on its rollup, held and locked included, by the asset's address. */
  totals?: ReadonlyMap<Hex, bigint>;
  /** Long quantity and exposure of each series on its rollup, held included, by the series' id. */
  longs?: ReadonlyMap<Hex, bigint>;
  shorts?: ReadonlyMap<Hex, bigint>;
  /** Ids of operations without a decision. */
  undecided?: readonly Hex[];
  /** Lane sequences of the last entries it applied. */
  cursor?: { own: bigint; shared: bigint };
}

/** One submission of a client, as the client saw it. */
export interface ClientAttempt {
  kind: 'transaction' | 'operation';
  /** A transaction's hash or an operation's id. */
  id: Hex;
  chainId: number;
  /** When the first byte left, ms of one monotonic clock that all attempts of a history share. */
  sentAtMs: number;
  /** `unknown`: no answer, or one that leaves it open (a timeout). */
  outcome: 'acknowledged' | 'refused' | 'unknown';
  /** When the answer had arrived, by the same clock. */
  answeredAtMs?: number;
  /** The refusal's message. */
  error?: string;
  /** What makes two submissions the same: a sender's nonce, an idempotency key. */
  key?: string;
}
