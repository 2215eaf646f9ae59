import type { BlockResult, EventLog, OperationEvent, TransactionReceipt } from '#libs/options';
import {
  bytesToBigIntBE,
  bytesToHex,
  equalBytes,
  type Genesis,
  type Hex,
  keccak256,
  type Leg,
  LegDirection,
} from '#libs/protocol';
import { balanceKey, type Holding, type HoldingKey, type HoldingTable, legKey, positionKey } from '#libs/audit';

const utf8 = new TextEncoder();
const TRANSFER = keccak256(utf8.encode('Transfer(address,address,address,uint256)'));
const OPTION_TRANSFER = keccak256(utf8.encode('OptionTransfer(bytes32,address,address,address,uint256)'));

/** Something was taken that was not there. */
export interface Overdraft {
  table: HoldingTable;
  message: string;
}

/** What a block did to the books. */
export interface BookedBlock {
  /** Keys of all rows that were written. */
  touched: Set<string>;
  overdrafts: Overdraft[];
}

/**
 * Double-entry books of one rollup, kept from genesis, receipts and operation events alone: what the ledger's rows must
 * come to. A reverted transaction pays its fee and nothing else; a hold moves between available and held; a post takes
 * the holds and lands the credits; an abort or expiry gives back its own holds.
 */
export class RollupBooks {
  private readonly rows = new Map<string, Holding>();
  private readonly keysOfSeries = new Map<Hex, Set<string>>();
  private touched = new Set<string>();
  private overdrafts: Overdraft[] = [];

  constructor(
    private readonly genesis: Genesis,
    readonly chainId: number,
  ) {
    for (const { chainId: owned, owner, asset, amount } of genesis.balances) {
      if (owned === chainId) this.row(balanceKey(owner, asset)).available += amount;
    }
  }

  get(key: string): Holding {
    return this.rows.get(key) ?? { available: 0n, held: 0n };
  }

  /** Books a block: receipts and events by sequence, what has none (expiry, clearing) first. */
  book({ receipts, operationEvents }: Pick<BlockResult, 'receipts' | 'operationEvents'>): BookedBlock {
    this.touched = new Set();
    this.overdrafts = [];
    let next = 0;
    for (const event of operationEvents) {
      if ('sequence' in event) {
        while (next < receipts.length && receipts[next]!.sequence < event.sequence) this.bookReceipt(receipts[next++]!);
      }
      this.bookEvent(event);
    }
    while (next < receipts.length) this.bookReceipt(receipts[next++]!);
    return { touched: this.touched, overdrafts: this.overdrafts };
  }

  private bookReceipt({ from, gasUsed, effectiveGasPrice, logs, status }: TransactionReceipt): void {
    const { nativeAsset, feeAccount } = this.genesis;
    const payer = balanceKey(from, nativeAsset);
    const fee = gasUsed * effectiveGasPrice;
    const { available } = this.row(payer);
    this.move(payer, balanceKey(feeAccount, nativeAsset), fee < available ? fee : available);
    if (status === 'success') for (const log of logs) this.bookLog(log);
  }

  private bookLog({ topics, data }: EventLog): void {
    const [event, subject, from, to] = topics as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    if (equalBytes(event, TRANSFER)) {
      const asset = address(subject);
      this.move(balanceKey(address(from), asset), balanceKey(address(to), asset), bytesToBigIntBE(data, 0, 32));
    } else if (equalBytes(event, OPTION_TRANSFER)) {
      const backer = data.subarray(12, 32);
      const source = positionKey(address(from), subject, backer);
      this.move(source, positionKey(address(to), subject, backer), bytesToBigIntBE(data, 32, 64));
    }
  }

  private bookEvent(event: OperationEvent): void {
    switch (event.type) {
      case 'held':
        for (const leg of holdsOf(event.legs)) this.shift(leg, leg.amount);
        return;
      case 'voided':
      case 'expired':
        for (const leg of holdsOf(event.legs)) this.shift(leg, -leg.amount);
        return;
      case 'posted':
        for (const leg of event.legs) this.post(leg);
        return;
      case 'cleared': {
        for (const key of this.keysOfSeries.get(bytesToHex(event.series)) ?? []) {
          this.rows.delete(key);
          this.touched.add(key);
        }
        this.keysOfSeries.delete(bytesToHex(event.series));
        for (const { backer, asset, amount } of event.returned) this.row(balanceKey(backer, asset)).available += amount;
        return;
      }
      case 'refused':
      case 'observed':
      case 'recorded':
        return;
    }
  }

  /** Moves from available to held; back where the amount is negative. */
  private shift(leg: Leg, amount: bigint): void {
    const key = legKey(leg);
    const row = this.row(key);
    row.available -= amount;
    row.held += amount;
    this.requireCovered(key, row);
  }

  private post(leg: Leg): void {
    const key = legKey(leg);
    const row = this.row(key);
    if (isHold(leg)) row.held -= leg.amount;
    else row.available += leg.amount;
    this.requireCovered(key, row);
  }

  private move(from: HoldingKey, to: HoldingKey, amount: bigint): void {
    if (from.key === to.key || amount === 0n) return;
    const source = this.row(from);
    source.available -= amount;
    this.row(to).available += amount;
    this.requireCovered(from, source);
  }

  private requireCovered({ table, key }: HoldingKey, { available, held }: Holding): void {
    if (available >= 0n && held >= 0n) return;
    this.overdrafts.push({ table, message: `${key} on ${this.chainId} comes to ${available} available, ${held} held` });
  }

  private row({ key, series }: HoldingKey): Holding {
    this.touched.add(key);
    let row = this.rows.get(key);
    if (row) return row;
    this.rows.set(key, (row = { available: 0n, held: 0n }));
    if (series === undefined) return row;
    const keys = this.keysOfSeries.get(series);
    if (keys) keys.add(key);
    else this.keysOfSeries.set(series, new Set([key]));
    return row;
  }
}

export const isHold = ({ direction }: Leg): boolean => direction === (LegDirection.hold as number);
const holdsOf = (legs: readonly Leg[]): Leg[] => legs.filter(isHold);
const address = (word: Uint8Array): Uint8Array => word.subarray(12);
