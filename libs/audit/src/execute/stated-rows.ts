import { LedgerStateType, type StoredChange } from '#libs/options';
import { bytesToHex, type Hex } from '#libs/protocol';
import { addTo, backingKey, balanceKey, type Holding, type HoldingKey, positionKey } from './holding-keys.js';

interface StatedRow extends HoldingKey, Holding {
  /** What its amounts are of: an asset, or a series. */
  counted: 'assets' | 'longs' | 'shorts';
  id: Hex;
}

const { balances, positions, exposures, collateral } = LedgerStateType.fields;

/** Amounts on one rollup, by the id of asset or series in hex. */
export interface RollupTotals {
  readonly assets: ReadonlyMap<Hex, bigint>;
  readonly longs: ReadonlyMap<Hex, bigint>;
  readonly shorts: ReadonlyMap<Hex, bigint>;
}

/**
 * The amounts on one rollup as its ledger stores them, kept up to date from the slots that change, and their sums. Reads
 * the SSZ rows and nothing else of the ledger.
 */
export class StatedRows {
  readonly totals = { assets: new Map<Hex, bigint>(), longs: new Map<Hex, bigint>(), shorts: new Map<Hex, bigint>() };
  /** Rows that each series has left. */
  readonly rowsOfSeries = new Map<Hex, number>();
  private readonly rows = new Map<string, StatedRow>();
  private readonly bySlot = new Map<string, StatedRow>();

  get(key: string): Holding {
    return this.rows.get(key) ?? { available: 0n, held: 0n };
  }

  /** Takes the changes of a block; adds the keys of the rows concerned to `touched`. */
  apply(changes: readonly StoredChange[], touched: Set<string>): void {
    // A slot may have passed to another key, and a key to another slot: all old rows go before any new one comes.
    for (const { table, slot } of changes) {
      const row = this.bySlot.get(`${table} ${slot}`);
      if (!row) continue;
      this.bySlot.delete(`${table} ${slot}`);
      this.rows.delete(row.key);
      this.count(row, -1n);
      touched.add(row.key);
    }
    for (const { table, slot, bytes } of changes) {
      const row = bytes && readRow(table, bytes);
      if (!row) continue;
      this.bySlot.set(`${table} ${slot}`, row);
      this.rows.set(row.key, row);
      this.count(row, 1n);
      touched.add(row.key);
    }
  }

  private count({ counted, id, available, held, series }: StatedRow, sign: 1n | -1n): void {
    const totals = this.totals[counted];
    addTo(totals, id, sign * (available + held));
    // What has come to nothing is forgotten: sums over all that is left are made after every block.
    if (totals.get(id) === 0n) totals.delete(id);
    if (series) this.rowsOfSeries.set(series, (this.rowsOfSeries.get(series) ?? 0) + Number(sign));
  }
}

function readRow(table: string, bytes: Uint8Array): StatedRow | null {
  switch (table) {
    case 'balances': {
      const { owner, asset, available, held } = balances.elementType.deserialize(bytes);
      return { ...balanceKey(owner, asset), available, held, counted: 'assets', id: bytesToHex(asset) };
    }
    case 'positions': {
      const { holder, series, backer, available, held } = positions.elementType.deserialize(bytes);
      return { ...positionKey(holder, series, backer), available, held, counted: 'longs', id: bytesToHex(series) };
    }
    case 'exposures': {
      const { series, backer, available, held } = exposures.elementType.deserialize(bytes);
      return { ...backingKey('exposures', series, backer), available, held, counted: 'shorts', id: bytesToHex(series) };
    }
    case 'collateral': {
      const { series, backer, asset, available, held } = collateral.elementType.deserialize(bytes);
      return { ...backingKey('collateral', series, backer), available, held, counted: 'assets', id: bytesToHex(asset) };
    }
    default:
      return null;
  }
}
