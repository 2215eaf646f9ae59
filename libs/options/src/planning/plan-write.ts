import { type Leg, LegDirection, type WriteIntent } from '#libs/protocol';
import type { IndexedSeries } from '../registry-index.js';
import { collateralToLock } from './amounts.js';
import { LegMaker } from './plan-legs.js';

/** Place of the leg that takes a write's collateral from the backer: what is missing there is collateral, no payment. */
export const WRITE_COLLATERAL_LEG = 0;

/**
 * The legs of a write, in canonical order:
 *
 * | # | leg | rollup |
 * |---|---|---|
 * | 1 | HOLD balance(backer) lock in the collateral asset | collateral |
 * | 2 | HOLD balance(buyer) premium in the quote asset, if > 0 | settlement |
 * | 3 | CREDIT position(buyer) quantity | position |
 * | 4 | CREDIT exposure(backer) quantity | exposure |
 * | 5 | CREDIT collateral(backer) lock | collateral |
 * | 6 | CREDIT balance(backer) premium in the quote asset, if > 0 | settlement |
 */
export function planWrite(intent: WriteIntent, series: IndexedSeries, unit: bigint): Leg[] {
  const { backer, buyer, quantity, premium } = intent;
  const { quote } = series.terms;
  const lock = collateralToLock(series.terms, unit, quantity);
  const leg = new LegMaker(series, backer);
  const { hold, credit } = LegDirection;
  return [
    leg.backerCollateral(hold, lock),
    leg.settlement(hold, buyer, quote, premium),
    leg.position(credit, buyer, quantity),
    leg.exposure(credit, quantity),
    leg.collateral(credit, lock),
    leg.settlement(credit, backer, quote, premium),
  ];
}
