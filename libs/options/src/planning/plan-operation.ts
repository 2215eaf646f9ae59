import { equalBytes, type Intent, type Leg, OperationKind, Reason } from '#libs/protocol';
import { type IndexedSeries, indexRegistry, type RegistryIndex } from '../registry-index.js';
import { planClose } from './plan-close.js';
import { planExercise } from './plan-exercise.js';
import { planWrite } from './plan-write.js';
import { type Plan, type PlanContext, type PlanRefusal, refusePlan } from './plan-types.js';

const UINT256_MAX = 2n ** 256n - 1n;
const ZERO_ADDRESS = new Uint8Array(20);
const ROLES = ['positionChainId', 'exposureChainId', 'collateralChainId', 'settlementChainId'] as const;

/**
 * Plans an operation: what PREPARE says, as a pure function of the intent and PREPARE's place in the log. The relay
 * calls it to build PREPARE, each participant to check it (design, section 7.2). Signatures and balances are not
 * looked at.
 *
 * The first that applies refuses, in this order:
 * 1. `malformed_prepare`: a zero address, quantity 0 (with the field); `unknown_series`; a write's backer that is
 *    neither the writer nor a pool (`malformed_prepare`, field `backer`)
 * 2. `rollup_paused`, then `quarantined`: any rollup with a role in the series
 * 3. `series_delisted`: writes alone, since delisting must not rob holders
 * 4. `outside_exercise_window`, by PREPARE's timestamp, ends inclusive. Exercise of an American series: to expiry; of a
 *    European one: expiry to expiry + window. Write: to expiry. Close: to the window's end.
 * 5. `deadline_too_near`: the intent's deadline is not after PREPARE's timestamp
 * 6. exercise alone: `unknown_price_round`, `stale_price`, `not_in_the_money`
 * 7. `malformed_prepare`: an amount that does not fit in 256 bits (field `quantity`)
 *
 * Value moves between rollups by a credit on another rollup than the hold.
 */
export function planOperation(params: PlanContext & { intent: Intent }): Plan | PlanRefusal {
  const { intent, registry, timestampMs, prepareMsMax } = params;
  const index = indexRegistry(registry);
  const field = fieldAtFault(intent);
  if (field) return refusePlan(Reason.malformed_prepare, field);
  const series = index.series(intent.value.series);
  const unit = series && unitOf(series, index);
  if (!series || unit === undefined) return refusePlan(Reason.unknown_series, 'series');
  const refusal =
    refuseBacker(intent, index) ?? refuseRollups(series, index) ?? refuseTime(intent, series, timestampMs);
  if (refusal) return refusal;

  const planned = planLegs(intent, series, unit, params);
  if ('reason' in planned) return planned;
  const legs = planned.legs.filter(({ amount }) => amount > 0n);
  if (legs.some(({ amount }) => amount > UINT256_MAX)) return refusePlan(Reason.malformed_prepare, 'quantity');
  const participants = [...new Set(legs.map(({ chainId }) => chainId))].sort((a, b) => a - b);
  const latestMs = timestampMs + prepareMsMax;
  const { deadlineMs: askedMs } = intent.value;
  const deadlineMs = askedMs < BigInt(latestMs) ? Number(askedMs) : latestMs;
  return { ok: true, participants, legs, priceRound: planned.priceRound, payout: planned.payout, deadlineMs };
}

function planLegs(
  intent: Intent,
  series: IndexedSeries,
  unit: bigint,
  context: PlanContext,
): { legs: Leg[]; priceRound: bigint; payout: bigint } | PlanRefusal {
  switch (intent.selector) {
    case OperationKind.exercise:
      return planExercise(intent.value, series, unit, context);
    case OperationKind.write:
      return { legs: planWrite(intent.value, series, unit), priceRound: 0n, payout: 0n };
    case OperationKind.close:
      return { legs: planClose(intent.value, series, unit), priceRound: 0n, payout: 0n };
  }
}

/** The first field that is invalid whatever the state of the log. */
function fieldAtFault(intent: Intent): string | null {
  const { value } = intent;
  for (const [field, address] of addressesOf(intent)) if (equalBytes(address, ZERO_ADDRESS)) return field;
  return value.quantity <= 0n ? 'quantity' : null;
}

function addressesOf(intent: Intent): [field: string, address: Uint8Array][] {
  if (intent.selector === OperationKind.write) {
    const { writer, backer, buyer } = intent.value;
    return [
      ['writer', writer],
      ['backer', backer],
      ['buyer', buyer],
    ];
  }
  const { holder, backer } = intent.value;
  return [
    ['holder', holder],
    ['backer', backer],
  ];
}

/** Base units of one whole underlying; undefined where the registry does not know all that the series names. */
function unitOf({ terms }: IndexedSeries, index: RegistryIndex): bigint | undefined {
  const underlying = index.asset(terms.underlying);
  if (!underlying || !index.asset(terms.quote) || ROLES.some((role) => !index.rollup(terms[role]))) return undefined;
  return 10n ** BigInt(underlying.decimals);
}

function refuseBacker(intent: Intent, index: RegistryIndex): PlanRefusal | null {
  if (intent.selector !== OperationKind.write) return null;
  const { backer, writer } = intent.value;
  return equalBytes(backer, writer) || index.pool(backer) ? null : refusePlan(Reason.malformed_prepare, 'backer');
}

function refuseRollups({ terms }: IndexedSeries, index: RegistryIndex): PlanRefusal | null {
  const rollups = ROLES.map((role) => index.rollup(terms[role]));
  if (rollups.some((rollup) => rollup?.paused)) return refusePlan(Reason.rollup_paused);
  if (rollups.some((rollup) => rollup?.quarantined)) return refusePlan(Reason.quarantined);
  return null;
}

function refuseTime(intent: Intent, series: IndexedSeries, timestampMs: number): PlanRefusal | null {
  const { terms, windowEndMs, delisted } = series;
  const isWrite = intent.selector === OperationKind.write;
  if (isWrite && delisted) return refusePlan(Reason.series_delisted, 'series');
  const opensMs = intent.selector === OperationKind.exercise && terms.isEuropean ? terms.expiryMs : 0;
  const endsMs = isWrite ? terms.expiryMs : windowEndMs;
  if (timestampMs < opensMs || timestampMs > endsMs) return refusePlan(Reason.outside_exercise_window);
  if (intent.value.deadlineMs <= BigInt(timestampMs)) return refusePlan(Reason.deadline_too_near, 'deadlineMs');
  return null;
}
