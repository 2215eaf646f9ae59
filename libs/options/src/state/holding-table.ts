import { assertInvariant } from '#libs/protocol';
import { type Row, SlotTable } from './slot-table.js';

/** An amount of which undecided operations hold a part. The whole is the sum of both. */
export interface Holding {
  /** Free to be used. */
  available: bigint;
  /** Reserved by undecided operations. */
  held: bigint;
}

/**
 * A table of holdings.
 *
 * ```
 *  credit ──► available ── hold ──► held ── post ──► (gone)
 *  debit  ◄──     ▲                  │
 *                 └────── void ──────┘
 * ```
 * A row with nothing in it is freed. Amounts are > 0; that enough is there is the caller's to check, and asserted (I19).
 */
export class HoldingTable<V extends Holding> extends SlotTable<V> {
  /** What is available under a key; 0 where there is no row. */
  available(key: string): bigint {
    return this.get(key)?.available ?? 0n;
  }

  /** Adds to what is available; `make` gives the row where there is none yet. */
  credit(key: string, amount: bigint, make: () => V): void {
    assertInvariant(amount > 0n, 'I19: a credit is positive');
    const row = this.get(key) ?? this.insert(make(), key);
    row.available += amount;
    this.touch(row);
  }

  debit(key: string, amount: bigint): void {
    const row = this.rowOf(key);
    assertInvariant(amount > 0n && row.available >= amount, 'I19: available never turns negative');
    row.available -= amount;
    this.changed(row);
  }

  hold(key: string, amount: bigint): void {
    const row = this.rowOf(key);
    assertInvariant(amount > 0n && row.available >= amount, 'I22: a hold never exceeds what is available');
    row.available -= amount;
    row.held += amount;
    this.touch(row);
  }

  void(key: string, amount: bigint): void {
    const row = this.rowOf(key);
    assertInvariant(row.held >= amount, 'I20: what is voided was held');
    row.held -= amount;
    row.available += amount;
    this.touch(row);
  }

  post(key: string, amount: bigint): void {
    const row = this.rowOf(key);
    assertInvariant(row.held >= amount, 'I20: posted never exceeds held');
    row.held -= amount;
    this.changed(row);
  }

  private rowOf(key: string): Row<V> {
    const row = this.get(key);
    assertInvariant(row !== undefined, 'I19: what is taken from exists');
    return row;
  }

  private changed(row: Row<V>): void {
    if (row.available === 0n && row.held === 0n) this.free(row);
    else this.touch(row);
  }
}
