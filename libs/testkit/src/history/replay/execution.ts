import type { RollupTotals } from '#libs/audit';
import type { BlockResult, LedgerBlock, StoredChange } from '#libs/options';
import type { Hex } from '#libs/protocol';
import type { InvariantId } from '../invariants.js';
import { Tally } from '../report.js';

/** What the replay needs of a ledger: the one of `libs/options`, or one that a test has broken. */
export interface ReplayLedger {
  applyBlock(block: LedgerBlock): BlockResult;
  /** After the last block, 32 bytes. */
  stateRoot(): Uint8Array;
  /** Slots that changed since the last call; the first call gives all. */
  takeChanges(): StoredChange[];
}

/** Why the replay could not go on: the log breaks `invariant` so that no ledger passes over it. */
export interface ReplayStop {
  chainId: number;
  blockNumber: number;
  invariant: InvariantId;
  message: string;
}

/** Invariants that the replay looks at while it goes; I15 and what executors state are compared with it afterwards. */
export type ReplayInvariant = 'I18' | 'I19' | 'I20' | 'I21' | 'I22' | 'I23' | 'I25' | 'I29';

/** Where rollup and height are one key. */
export const heightKey = (chainId: number, number: number): string => `${chainId}:${number}`;

/** The log executed again, one ledger for each rollup, block by block. */
export class Execution {
  /** The last block that every ledger applied. */
  height = 0;
  stopped: ReplayStop | null = null;
  /** State roots and totals at the heights that somebody states something of, by {@link heightKey}. */
  readonly roots = new Map<string, Hex>();
  readonly totals = new Map<string, RollupTotals>();
  private readonly tallies = new Map<ReplayInvariant, Tally>();

  tally(invariant: ReplayInvariant): Tally {
    let tally = this.tallies.get(invariant);
    if (!tally) this.tallies.set(invariant, (tally = new Tally()));
    return tally;
  }
}
