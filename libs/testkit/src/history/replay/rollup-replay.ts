import type { BlockResult } from '#libs/options';
import { bytesToHex, type Genesis, type Hex, NO_SENDER } from '#libs/protocol';
import { type IndexedBlock, laneBounds, sliceEntries } from '../log-index.js';
import { RollupBooks } from './books.js';
import { type Execution, heightKey, type ReplayInvariant, type ReplayLedger } from './execution.js';
import { StatedRows } from '#libs/audit';

/** One rollup's ledger with the books that watch it. */
export class RollupReplay {
  readonly stated = new StatedRows();
  private readonly books: RollupBooks;

  constructor(
    readonly chainId: number,
    genesis: Genesis,
    private readonly ledger: ReplayLedger,
    private readonly execution: Execution,
  ) {
    this.books = new RollupBooks(genesis, chainId);
    const touched = new Set<string>();
    this.stated.apply(ledger.takeChanges(), touched);
    this.compare(touched, 'I19', 0);
  }

  /** Applies the rollup's slice of a block. @throws whatever stops the ledger */
  apply(block: IndexedBlock): BlockResult {
    return this.ledger.applyBlock({
      header: block.row.header,
      hash: block.hash,
      entries: sliceEntries(block, this.chainId).map(({ entry: { sequence, sender, bytes } }) => {
        return { sequence, sender: sender ?? NO_SENDER, bytes };
      }),
      laneSequences: {
        own: laneBounds(block, this.chainId)?.last ?? 0n,
        shared: laneBounds(block, 0)?.last ?? 0n,
      },
    });
  }

  /** Books what the ledger says it did, and compares the books with the rows it changed. */
  audit({ number: blockNumber }: IndexedBlock, result: BlockResult): void {
    const { touched, overdrafts } = this.books.book(result);
    for (const { table, message } of overdrafts) {
      this.execution.tally(table === 'positions' ? 'I22' : 'I19').fail(message, { blockNumber });
    }
    const reverted = result.receipts.filter(({ status }) => status === 'reverted');
    for (const { logs, hash } of reverted) {
      const message = () => `reverted transaction ${bytesToHex(hash)} left logs`;
      this.execution.tally('I29').expect(logs.length === 0, message, { blockNumber });
    }
    this.stated.apply(this.ledger.takeChanges(), touched);
    const gaveBack = result.operationEvents.some(({ type }) => type === 'voided' || type === 'expired');
    this.compare(touched, gaveBack ? 'I25' : reverted.length > 0 ? 'I29' : null, blockNumber);
  }

  /** Notes the state of this height, as far as somebody states something of it. */
  note(number: number, wanted: { root: boolean; totals: boolean }): void {
    const key = heightKey(this.chainId, number);
    if (wanted.root) this.execution.roots.set(key, bytesToHex(this.ledger.stateRoot()));
    if (!wanted.totals) return;
    const { assets, longs, shorts } = this.stated.totals;
    this.execution.totals.set(key, { assets: new Map(assets), longs: new Map(longs), shorts: new Map(shorts) });
  }

  /** Rows of positions, exposure and collateral that a series has left. */
  rowsOf(series: Hex): number {
    return this.stated.rowsOfSeries.get(series) ?? 0;
  }

  /**
   * @param cause what a row that differs in what is available is laid to: an abort or expiry in this block, else a
   *   reverted transaction, else the row's own invariant
   */
  private compare(touched: ReadonlySet<string>, cause: ReplayInvariant | null, blockNumber: number): void {
    for (const key of touched) {
      const booked = this.books.get(key);
      const stated = this.stated.get(key);
      if (booked.available === stated.available && booked.held === stated.held) continue;
      const row = `${key} on ${this.chainId} after block ${blockNumber}`;
      const message = `${row} is ${stated.available} and ${stated.held} held; by events ${booked.available} and ${booked.held}`;
      const own = key.startsWith('p') ? 'I22' : 'I19';
      const invariant = booked.held === stated.held ? (cause ?? own) : 'I20';
      this.execution.tally(invariant).fail(message, { blockNumber });
    }
  }
}
