import type { RecoverAddress } from '#libs/atomic-commit';
import type { ClockEntry, Genesis, Registry } from '#libs/protocol';
import type { PriceBook } from '../planning/price-book.js';
import type { RegistryIndex } from '../registry-index.js';
import type { LedgerState } from '../state/ledger-state.js';
import type { BlockResult, LaneSequences } from './block-result.js';
import { haltPlace } from './halt-error.js';

/** What a ledger works with for its whole life. */
export interface LedgerScope {
  readonly genesis: Genesis;
  readonly logId: Uint8Array;
  readonly chainId: number;
  readonly recover: RecoverAddress;
  readonly state: LedgerState;
  readonly prices: PriceBook;
}

/** What the rules need to know of the block being applied. */
export interface BlockScope extends LedgerScope {
  readonly number: number;
  readonly hash: Uint8Array;
  /** Log time of the block in ms. */
  readonly timestampMs: number;
  /** In force in this block. */
  readonly registry: Registry;
  readonly index: RegistryIndex;
  readonly laneSequences: LaneSequences;
  readonly result: BlockResult;
  /** In force in the next block: what this block's changes have made of the registry so far. */
  nextRegistry: Registry;
}

/** Where an entry of a block stands, for the evidence of a halt. */
export const placeIn = (block: BlockScope, sequence: bigint) => haltPlace(block.number, block.hash, sequence);

/** The vector clock as of now, ascending chain ids. */
export const clockOf = (state: LedgerState): ClockEntry[] =>
  [...state.clock]
    .map(({ chainId, laneSequence }) => ({ chainId, laneSequence }))
    .sort((a, b) => a.chainId - b.chainId);

/** Learns that a rollup's lane has come at least as far as `laneSequence`. */
export function advanceClock(state: LedgerState, chainId: number, laneSequence: bigint): void {
  const row = state.clock.get(String(chainId));
  if (!row) {
    state.clock.insert({ chainId, laneSequence });
  } else if (row.laneSequence < laneSequence) {
    row.laneSequence = laneSequence;
    state.clock.touch(row);
  }
}
