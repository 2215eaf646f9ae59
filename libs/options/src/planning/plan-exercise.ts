import { type ExerciseIntent, type Leg, LegDirection, Reason } from '#libs/protocol';
import type { IndexedSeries } from '../registry-index.js';
import { collateralToRelease, exercisePayment, exercisePayout } from './amounts.js';
import { LegMaker } from './plan-legs.js';
import { type PlanContext, type PlanRefusal, type PricePoint, refusePlan } from './plan-types.js';

/**
 * The legs of an exercise, in canonical order:
 *
 * | # | leg | rollup |
 * |---|---|---|
 * | 1 | HOLD position(holder) quantity | position |
 * | 2 | HOLD exposure(backer) quantity | exposure |
 * | 3 | HOLD collateral(backer) release | collateral |
 * | 4 | HOLD balance(holder) payment, physical only | settlement |
 * | 5 | CREDIT balance(holder) payout in the collateral asset | settlement |
 * | 6 | CREDIT balance(backer) release − payout in the collateral asset, if > 0 | collateral |
 * | 7 | CREDIT balance(backer) payment, physical only | settlement |
 */
export function planExercise(
  intent: ExerciseIntent,
  series: IndexedSeries,
  unit: bigint,
  context: PlanContext,
): { legs: Leg[]; priceRound: bigint; payout: bigint } | PlanRefusal {
  const point = priceThatCounts(intent, series, context);
  if ('reason' in point) return point;
  const { terms } = series;
  const { holder, backer, quantity } = intent;
  const payout = exercisePayout(terms, unit, quantity, point.price);
  if (payout <= 0n) return refusePlan(Reason.not_in_the_money);
  const release = collateralToRelease(terms, unit, quantity);
  const payment = exercisePayment(terms, unit, quantity);
  const leg = new LegMaker(series, backer);
  const { hold, credit } = LegDirection;
  const legs = [
    leg.position(hold, holder, quantity),
    leg.exposure(hold, quantity),
    leg.collateral(hold, release),
    leg.settlement(hold, holder, payment.asset, payment.amount),
    leg.settlement(credit, holder, terms.isPut ? terms.quote : terms.underlying, payout),
    leg.backerCollateral(credit, release - payout),
    leg.settlement(credit, backer, payment.asset, payment.amount),
  ];
  return { legs, priceRound: point.round, payout };
}

/**
 * American: the newest round, not below the intent's lowest and not older than its highest age. European: the
 * settlement price, whatever its round and age.
 */
function priceThatCounts(
  intent: ExerciseIntent,
  series: IndexedSeries,
  context: PlanContext,
): PricePoint | PlanRefusal {
  const { prices, timestampMs } = context;
  const { terms, id } = series;
  if (terms.isEuropean) return prices.settlement(id) ?? refusePlan(Reason.unknown_price_round);
  const point = prices.latest(terms.underlying, terms.quote);
  if (!point) return refusePlan(Reason.unknown_price_round);
  if (point.round < intent.minPriceRound) return refusePlan(Reason.unknown_price_round, 'minPriceRound');
  const ageMs = BigInt(timestampMs - point.timestampMs);
  return ageMs > intent.maxPriceAgeMs ? refusePlan(Reason.stale_price, 'maxPriceAgeMs') : point;
}
