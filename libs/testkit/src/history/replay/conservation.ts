import { collateralAsset, indexRegistry, type OperationEvent } from '#libs/options';
import { bytesToHex, type Genesis, type Hex, type Leg, LegAccount, type Registry, subjectAsset } from '#libs/protocol';
import type { IndexedBlock } from '../log-index.js';
import { isHold } from './books.js';
import type { Execution } from './execution.js';
import { addTo } from './keys.js';
import type { RollupReplay } from './rollup-replay.js';

/**
 * I19 over all rollups: at each DECISION's sequence what is posted adds up to nothing for every asset and every series,
 * and after each block the rows of all rollups together are what genesis gave out, with longs = shorts. (Transactions
 * move within one rollup; its books see to them.)
 */
export class ConservationCheck {
  private readonly supply = new Map<Hex, bigint>();
  /** What the operations of this block moved in all, by sequence and by asset or series. */
  private moved = new Map<bigint, Map<string, bigint>>();

  constructor(
    genesis: Genesis,
    private readonly execution: Execution,
  ) {
    for (const { asset, amount } of genesis.balances) addTo(this.supply, bytesToHex(asset), amount);
  }

  /** An event on one rollup. */
  see(block: IndexedBlock, event: OperationEvent): void {
    if (event.type !== 'posted') return;
    let moved: Map<string, bigint> | undefined = this.moved.get(event.sequence);
    if (!moved) this.moved.set(event.sequence, (moved = new Map<string, bigint>()));
    for (const leg of event.legs) {
      const { of, sign } = countedAs(leg, block.registry);
      addTo(moved, of, isHold(leg) ? -sign * leg.amount : sign * leg.amount);
    }
  }

  /** All rollups have applied the block. */
  endBlock(
    { number: blockNumber, entries }: Pick<IndexedBlock, 'number' | 'entries'>,
    rollups: readonly RollupReplay[],
  ): void {
    const tally = this.execution.tally('I19');
    tally.look();
    for (const [sequence, moved] of this.moved) {
      const concerned = entries.filter(({ entry }) => entry.sequence === sequence).map(({ entry }) => entry);
      for (const [of, amount] of moved) {
        if (amount === 0n) continue;
        tally.fail(`sequence ${sequence} leaves ${amount} of ${of} over`, { blockNumber, entries: concerned });
      }
    }
    this.moved = new Map();
    const sums = { assets: new Map<Hex, bigint>(), series: new Map<Hex, bigint>() };
    for (const { stated } of rollups) {
      for (const [asset, amount] of stated.totals.assets) addTo(sums.assets, asset, amount);
      for (const [series, longs] of stated.totals.longs) addTo(sums.series, series, longs);
      for (const [series, shorts] of stated.totals.shorts) addTo(sums.series, series, -shorts);
    }
    for (const asset of new Set([...sums.assets.keys(), ...this.supply.keys()])) {
      const [sum, supply] = [sums.assets.get(asset) ?? 0n, this.supply.get(asset) ?? 0n];
      if (sum !== supply) tally.fail(`asset ${asset} comes to ${sum}, genesis gave out ${supply}`, { blockNumber });
    }
    for (const [series, more] of sums.series) {
      if (more !== 0n) tally.fail(`series ${series} has ${more} more long than short`, { blockNumber });
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
