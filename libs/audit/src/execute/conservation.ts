import { collateralAsset, indexRegistry, type OperationEvent } from '#libs/options';
import {
  bytesToHex,
  type Genesis,
  type Hex,
  type Leg,
  LegAccount,
  LegDirection,
  type Registry,
  subjectAsset,
} from '#libs/protocol';
import { addTo } from './holding-keys.js';
import type { RollupTotals } from './stated-rows.js';

/** Where something is not conserved. */
export interface ConservationFault {
  message: string;
  blockNumber: number;
  /** Of the decision that leaves something over. */
  sequence?: bigint;
}

/**
 * I19 over all rollups: at each DECISION's sequence what is posted adds up to nothing for every asset and every series,
 * and after each block the rows of all rollups together are what genesis gave out, with longs = shorts.
 */
export class Conservation {
  private readonly supply = new Map<Hex, bigint>();
  /** What the operations of this block moved in all, by sequence and by asset or series. */
  private moved = new Map<bigint, Map<string, bigint>>();

  constructor(
    genesis: Genesis,
    private readonly fail: (fault: ConservationFault) => void,
  ) {
    for (const { asset, amount } of genesis.balances) addTo(this.supply, bytesToHex(asset), amount);
  }

  /** An event on one rollup. @param registry in force in its block */
  see(registry: Registry, event: OperationEvent): void {
    if (event.type !== 'posted') return;
    let moved = this.moved.get(event.sequence);
    if (!moved) this.moved.set(event.sequence, (moved = new Map<string, bigint>()));
    for (const leg of event.legs) {
      const { of, sign } = countedAs(leg, registry);
      addTo(moved, of, leg.direction === (LegDirection.hold as number) ? -sign * leg.amount : sign * leg.amount);
    }
  }

  /** All rollups have applied the block; `totals` are what their ledgers state now. */
  endBlock(blockNumber: number, totals: readonly RollupTotals[]): void {
    for (const [sequence, moved] of this.moved) {
      for (const [of, amount] of moved) {
        if (amount === 0n) continue;
        this.fail({ message: `sequence ${sequence} leaves ${amount} of ${of} over`, blockNumber, sequence });
      }
    }
    this.moved = new Map();
    const sums = { assets: new Map<Hex, bigint>(), series: new Map<Hex, bigint>() };
    for (const { assets, longs, shorts } of totals) {
      for (const [asset, amount] of assets) addTo(sums.assets, asset, amount);
      for (const [series, quantity] of longs) addTo(sums.series, series, quantity);
      for (const [series, quantity] of shorts) addTo(sums.series, series, -quantity);
    }
    for (const asset of new Set([...sums.assets.keys(), ...this.supply.keys()])) {
      const [sum, supply] = [sums.assets.get(asset) ?? 0n, this.supply.get(asset) ?? 0n];
      if (sum === supply) continue;
      this.fail({ message: `asset ${asset} comes to ${sum}, genesis gave out ${supply}`, blockNumber });
    }
    for (const [series, more] of sums.series) {
      if (more !== 0n) this.fail({ message: `series ${series} has ${more} more long than short`, blockNumber });
    }
  }
}

/** What a leg's amount counts towards. A short is the other side of a long. */
function countedAs({ account, subject }: Leg, registry: Registry): { of: string; sign: bigint } {
  switch (account as LegAccount) {
    case LegAccount.balance:
      return { of: `asset ${bytesToHex(subjectAsset(subject))}`, sign: 1n };
    case LegAccount.collateral: {
      const series = indexRegistry(registry).series(subject);
      return { of: `asset ${series ? bytesToHex(collateralAsset(series.terms)) : 'unknown'}`, sign: 1n };
    }
    case LegAccount.position:
      return { of: `series ${bytesToHex(subject)}`, sign: 1n };
    case LegAccount.exposure:
      return { of: `series ${bytesToHex(subject)}`, sign: -1n };
  }
}
