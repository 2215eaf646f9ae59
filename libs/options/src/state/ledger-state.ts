import { ClockEntry } from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import { HoldingTable } from './holding-table.js';
import {
  BalanceRow,
  CollateralRow,
  ExposureRow,
  NonceRow,
  OperationRow,
  PositionRow,
  PriceRow,
  SettlementRow,
  type TableName,
} from './row-types.js';
import { SlotTable } from './slot-table.js';

export const balanceKey = (owner: Uint8Array, asset: Uint8Array): string => bytesKey(owner) + bytesKey(asset);
export const positionKey = (holder: Uint8Array, series: Uint8Array, backer: Uint8Array): string =>
  bytesKey(holder) + bytesKey(series) + bytesKey(backer);
/** Key of exposures and of collateral. */
export const backingKey = (series: Uint8Array, backer: Uint8Array): string => bytesKey(series) + bytesKey(backer);

/** The tables of one rollup's state. */
export class LedgerState {
  readonly nonces = new SlotTable<NonceRow>(NonceRow, ({ address }) => bytesKey(address));
  readonly balances = new HoldingTable<BalanceRow>(BalanceRow, ({ owner, asset }) => balanceKey(owner, asset));
  readonly positions = new HoldingTable<PositionRow>(PositionRow, ({ holder, series, backer }) =>
    positionKey(holder, series, backer),
  );
  readonly exposures = new HoldingTable<ExposureRow>(ExposureRow, ({ series, backer }) => backingKey(series, backer));
  readonly collateral = new HoldingTable<CollateralRow>(CollateralRow, ({ series, backer }) =>
    backingKey(series, backer),
  );
  readonly operations = new SlotTable<OperationRow>(OperationRow, ({ operationId }) => bytesKey(operationId));
  readonly prices = new SlotTable<PriceRow>(PriceRow, ({ underlying, quote }) => balanceKey(underlying, quote));
  readonly settlements = new SlotTable<SettlementRow>(SettlementRow, ({ series }) => bytesKey(series));
  readonly clock = new SlotTable<ClockEntry>(ClockEntry, ({ chainId }) => String(chainId));

  /** A table by its name, for what treats all alike. */
  table(name: TableName): SlotTable<object> {
    return this[name] as unknown as SlotTable<object>;
  }

  creditBalance(owner: Uint8Array, asset: Uint8Array, amount: bigint, key = balanceKey(owner, asset)): void {
    this.balances.credit(key, amount, () => ({
      owner: new Uint8Array(owner),
      asset: new Uint8Array(asset),
      available: 0n,
      held: 0n,
    }));
  }

  /** Moves what is available from one owner to another; nothing where they are the same or the amount is 0. */
  moveBalance(from: Uint8Array, to: Uint8Array, asset: Uint8Array, amount: bigint): void {
    const assetKey = bytesKey(asset);
    const fromKey = bytesKey(from) + assetKey;
    const toKey = bytesKey(to) + assetKey;
    if (amount === 0n || fromKey === toKey) return;
    this.balances.debit(fromKey, amount);
    this.creditBalance(to, asset, amount, toKey);
  }

  creditPosition(holder: Uint8Array, series: Uint8Array, backer: Uint8Array, quantity: bigint): void {
    this.positions.credit(positionKey(holder, series, backer), quantity, () => ({
      holder: new Uint8Array(holder),
      series: new Uint8Array(series),
      backer: new Uint8Array(backer),
      available: 0n,
      held: 0n,
    }));
  }

  creditExposure(series: Uint8Array, backer: Uint8Array, quantity: bigint): void {
    this.exposures.credit(backingKey(series, backer), quantity, () => ({
      series: new Uint8Array(series),
      backer: new Uint8Array(backer),
      available: 0n,
      held: 0n,
    }));
  }

  creditCollateral(series: Uint8Array, backer: Uint8Array, asset: Uint8Array, amount: bigint): void {
    this.collateral.credit(backingKey(series, backer), amount, () => ({
      series: new Uint8Array(series),
      backer: new Uint8Array(backer),
      asset: new Uint8Array(asset),
      available: 0n,
      held: 0n,
    }));
  }
}
