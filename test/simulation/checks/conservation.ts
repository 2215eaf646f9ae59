import type { Ledger } from '#libs/options';
import { ETH, type Topology } from '../world/topology.js';
import { mustHold } from './violation.js';

/** Units of the two assets, then longs minus shorts of each series. */
type Sums = bigint[];

/**
 * I19: at each height, over all rollups, the assets are those of genesis and longs equal shorts. Each rollup's change at
 * a height is kept until all have come there; then the changes must make up for each other.
 */
export class Conservation {
  private readonly sums = new Map<number, Sums>();
  /** Changes by height, then by rollup. */
  private readonly changes = new Map<number, Map<number, Sums>>();
  private checkedTo = 0;

  constructor(private readonly topology: Topology) {}

  /** A rollup's ledger as it was loaded. */
  started(chainId: number, ledger: Ledger): void {
    this.sums.set(chainId, this.sumsOf(ledger));
  }

  /** A rollup's ledger has changed with block `number`. */
  changed(chainId: number, ledger: Ledger, number: number): void {
    const sums = this.sumsOf(ledger);
    const before = this.sums.get(chainId)!;
    this.sums.set(chainId, sums);
    const change = sums.map((sum, at) => sum - before[at]!);
    let atHeight = this.changes.get(number);
    const earlier = atHeight?.get(chainId);
    mustHold(!earlier || earlier.every((amount, at) => amount === change[at]), 'I15', () => {
      return `rollup ${chainId} changes otherwise when it applies block ${number} again`;
    });
    if (number <= this.checkedTo || change.every((amount) => amount === 0n)) return;
    if (!atHeight) this.changes.set(number, (atHeight = new Map<number, Sums>()));
    atHeight.set(chainId, change);
  }

  /** All rollups have come to this height. */
  reached(height: number): void {
    for (const [number, changes] of this.changes) {
      if (number > height || number <= this.checkedTo) continue;
      const total = this.zero();
      for (const change of changes.values()) for (const [at, amount] of change.entries()) total[at]! += amount;
      mustHold(
        total.every((amount) => amount === 0n),
        'I19',
        () => `block ${number} changes what there is by ${total.join(', ')}`,
      );
    }
    this.checkedTo = Math.max(this.checkedTo, height);
  }

  private sumsOf(ledger: Ledger): Sums {
    const sums = this.zero();
    const amountOf = ({ available, held }: { available: bigint; held: bigint }): bigint => {
      mustHold(available >= 0n && held >= 0n, 'I19', () => `rollup ${ledger.chainId} has a negative amount`);
      return available + held;
    };
    for (const row of ledger.balances()) sums[row.asset[0] === ETH[0] ? 0 : 1]! += amountOf(row);
    for (const row of ledger.collateral()) sums[row.asset[0] === ETH[0] ? 0 : 1]! += amountOf(row);
    for (const row of ledger.positions()) sums[2 + this.topology.seriesAt(row.series)]! += amountOf(row);
    for (const row of ledger.exposures()) sums[2 + this.topology.seriesAt(row.series)]! -= amountOf(row);
    return sums;
  }

  private zero(): Sums {
    return new Array<bigint>(2 + this.topology.series.length).fill(0n);
  }
}
