import { beforeAll, describe, expect, it } from 'vitest';
import { recoverAddress } from '#libs/crypto';
import { LedgerStateType, type OperationEvent, type StoredChange } from '#libs/options';
import { Reason } from '#libs/protocol';
import { brokenIn, brokenLedger } from './fixtures/broken.js';
import { playScenario } from './fixtures/scenario.js';
import type { History } from './history.js';
import { indexLog, type IndexedBlock } from './log-index.js';
import { ClearingCheck } from './replay/clearing-check.js';
import { Execution, type ReplayInvariant } from './replay/execution.js';
import { OperationTracker } from './replay/track-operations.js';
import type { RollupReplay } from './replay/rollup-replay.js';
import type { IndexedPrepare } from './decode-entries.js';

/** The log is in order; the ledgers are not: what is caught must be caught by the books, not by the ledgers themselves. */
let history: History;
beforeAll(async () => {
  const played = (await playScenario()).network.history();
  // Without the executors' word the replay has only itself to go by.
  history = { ...played, executors: [] };
});

const { balances, positions } = LedgerStateType.fields;
type Table = 'balances' | 'positions';

/** Changes what rows say that a ledger stores with block `number`. */
function misstate(table: Table, number: number, amounts: readonly bigint[]) {
  const type = table === 'balances' ? balances.elementType : positions.elementType;
  return (changes: StoredChange[], blockNumber: number): StoredChange[] => {
    if (blockNumber !== number) return changes;
    const left = [...amounts];
    return changes.map((change) => {
      if (change.table !== table || !change.bytes || left.length === 0) return change;
      const row = type.deserialize(change.bytes) as { available: bigint };
      row.available += left.shift()!;
      return { ...change, bytes: type.serialize(row as never) };
    });
  };
}

const broken = (chainId: number, change: (changes: StoredChange[], blockNumber: number) => StoredChange[]) =>
  brokenIn(history, { openLedger: brokenLedger(chainId, change) });

describe('a ledger that misstates its rows', () => {
  it('makes one unit of an asset at genesis: I19', () => {
    expect(broken(8, misstate('balances', 0, [1n]))).toEqual(['I19']);
  });

  it('moves one unit from one account to another: I19 by the books', () => {
    // Block 4 posts the writes: nothing is given back there and nothing reverted.
    expect(broken(9, misstate('balances', 4, [-1n, 1n]))).toEqual(['I19']);
  });

  it('gives a holder one option more than was written: I19 over all rollups, I22 by the books', () => {
    expect(broken(7, misstate('positions', 4, [1n]))).toEqual(['I19', 'I22']);
  });

  it('takes from an account what a reverted transaction did not move: I29', () => {
    // Block 3 has the reverted transaction; of the sender's and the recipient's quote asset there.
    expect(broken(7, misstate('balances', 3, [0n, -1n, 1n]))).toEqual(['I29']);
  });
});

describe('a ledger that gives back something else when a hold expires', () => {
  it('an option more than was held: I25 by the books, I19 over all rollups', () => {
    const index = indexLog(history.log, recoverAddress);
    const expired = index.decisions.find(({ decision }) => decision.reason === (Reason.expired as number))!;
    expect(broken(7, misstate('positions', expired.block.number, [1n]))).toEqual(['I19', 'I25']);
  });
});

describe('operations that end wrongly', () => {
  let execution: Execution;
  let prepared: IndexedPrepare;
  let tracker: OperationTracker;
  let block: IndexedBlock;

  beforeAll(() => {
    const index = indexLog(history.log, recoverAddress);
    prepared = index.prepares.find(({ prepare }) => prepare.participants.length === 3 && prepare.payout > 0n)!;
  });

  function track(...steps: [chainId: number, type: OperationEvent['type'], tamper?: bigint][]): ReplayInvariant[] {
    const index = indexLog(history.log, recoverAddress);
    execution = new Execution();
    tracker = new OperationTracker(index, execution);
    block = index.blocks.find(({ number }) => number === prepared.block.number)!;
    const { operationId, legs } = prepared.prepare;
    for (const [chainId, type, more = 0n] of steps) {
      const own = legs.filter((leg) => leg.chainId === chainId);
      const tampered = own.map((leg, place) => ({
        ...leg,
        amount: leg.amount + (place === own.length - 1 ? more : 0n),
      }));
      tracker.see(block, chainId, { type, operationId, slot: 0, sequence: 1n, legs: tampered } as never);
    }
    const all: ReplayInvariant[] = ['I18', 'I19', 'I20', 'I21', 'I22', 'I25'];
    return all.filter((invariant) => execution.tally(invariant).violation);
  }

  it('posted on one rollup and voided on another: I18', () => {
    expect(track([7, 'held'], [9, 'held'], [7, 'posted'], [9, 'voided'])).toEqual(['I18']);
  });

  it('posted on one rollup and expired on another: I18', () => {
    expect(track([7, 'held'], [9, 'held'], [9, 'expired'], [7, 'posted'])).toEqual(['I18']);
  });

  it('a hold that ends twice: I20', () => {
    expect(track([7, 'held'], [7, 'posted'], [7, 'posted'])).toContain('I20');
  });

  it('a hold that is placed twice: I20', () => {
    expect(track([7, 'held'], [7, 'held'])).toEqual(['I20']);
  });

  it('a post without a hold: I20', () => {
    expect(track([7, 'posted'])).toEqual(['I20']);
  });

  it('a hold that never ends: I20 at rest', () => {
    expect(track([7, 'held'])).toEqual([]);
    tracker.endAtRest();
    expect(execution.tally('I20').violation?.message).toContain('still holds');
  });

  it('an exercise that pays out one unit more than was prepared: I21', () => {
    expect(track([9, 'held'], [9, 'posted', 1n])).toEqual(['I21']);
  });

  it('an expiry that gives back one unit more than was held: I25', () => {
    expect(track([7, 'held'], [7, 'expired', 1n])).toEqual(['I25']);
  });

  it('an operation that the log commits and nobody posts: I18', () => {
    track([7, 'held'], [8, 'held'], [9, 'held']);
    const decided = indexLog(history.log, recoverAddress).operations.get(prepared.operationId)!.decisions[0]!;
    tracker.endBlock(decided.block);
    expect(execution.tally('I18').violation?.message).toContain('is committed, but not posted on 7, 8, 9');
  });

  it('a series that is not cleared after its window: I23', () => {
    const newest = indexLog(history.log, recoverAddress).blocks.at(-1)!;
    execution = new Execution();
    const stuck = [{ chainId: 9, rowsOf: () => 1 }] as unknown as RollupReplay[];
    new ClearingCheck(history.log.genesis.prepareMsMax, execution).endBlock(newest, stuck);
    expect(execution.tally('I23').violation?.message).toContain('still has rows on 9');
  });
});
