import { type CloseIntent, type Leg, LegDirection } from '#libs/protocol';
import type { IndexedSeries } from '../registry-index.js';
import { collateralToRelease } from './amounts.js';
import { LegMaker } from './plan-legs.js';

/**
 * The legs of a close, in canonical order:
 *
 * | # | leg | rollup |
 * |---|---|---|
 * | 1 | HOLD position(holder) quantity | position |
 * | 2 | HOLD exposure(backer) quantity | exposure |
 * | 3 | HOLD collateral(backer) release, if > 0 | collateral |
 * | 4 | HOLD balance(backer) payment in the quote asset, if > 0 | settlement |
 * | 5 | CREDIT balance(backer) release in the collateral asset, if > 0 | collateral |
 * | 6 | CREDIT balance(holder) payment in the quote asset, if > 0 | settlement |
 */
export function planClose(intent: CloseIntent, series: IndexedSeries, unit: bigint): Leg[] {
  const { holder, backer, quantity, payment } = intent;
  const { quote } = series.terms;
  const release = collateralToRelease(series.terms, unit, quantity);
  const leg = new LegMaker(series, backer);
  const { hold, credit } = LegDirection;
  return [
    leg.position(hold, holder, quantity),
    leg.exposure(hold, quantity),
    leg.collateral(hold, release),
    leg.settlement(hold, backer, quote, payment),
    leg.backerCollateral(credit, release),
    leg.settlement(credit, holder, quote, payment),
  ];
}
