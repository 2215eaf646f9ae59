import { type Leg, LegAccount, LegDirection, OperationKind, Reason, subjectAsset } from '#libs/protocol';
import { collateralAsset } from '../planning/amounts.js';
import { WRITE_COLLATERAL_LEG } from '../planning/plan-write.js';
import type { RegistryIndex } from '../registry-index.js';
import type { Holding, HoldingTable } from '../state/holding-table.js';
import { backingKey, balanceKey, type LedgerState, positionKey } from '../state/ledger-state.js';
import type { LegAmounts } from './block-result.js';

/** Where a leg's amount is: the table and the key in it. */
function holdingOf(state: LedgerState, leg: Leg): [HoldingTable<Holding>, string] {
  switch (leg.account as LegAccount) {
    case LegAccount.balance:
      return [erased(state.balances), balanceKey(leg.owner, subjectAsset(leg.subject))];
    case LegAccount.position:
      return [erased(state.positions), positionKey(leg.owner, leg.subject, leg.backer)];
    case LegAccount.exposure:
      return [erased(state.exposures), backingKey(leg.subject, leg.backer)];
    case LegAccount.collateral:
      return [erased(state.collateral), backingKey(leg.subject, leg.backer)];
  }
}

/** The holds of a row are moved without looking at the rest of it. */
const erased = <V extends Holding>(table: HoldingTable<V>): HoldingTable<Holding> =>
  table as unknown as HoldingTable<Holding>;

/** What is where each leg's amount is at the moment, in the legs' order. */
export const legHoldings = (state: LedgerState, legs: readonly Leg[]): Holding[] =>
  legs.map((leg) => {
    const [table, key] = holdingOf(state, leg);
    const row = table.get(key);
    return { available: row?.available ?? 0n, held: row?.held ?? 0n };
  });

/** Runs a step of an operation and tells what it made of the holdings of its legs. */
export function measureLegs(state: LedgerState, legs: readonly Leg[], step: () => void): LegAmounts[] {
  const before = legHoldings(state, legs);
  step();
  const after = legHoldings(state, legs);
  return legs.map((_, place) => ({ before: before[place]!, after: after[place]! }));
}

const isHold = (leg: Leg): boolean => leg.direction === (LegDirection.hold as number);

/**
 * Places the holds of an operation's own legs, all or none, one after another: two may draw on one balance.
 * @param legs all legs of the operation
 * @returns null when all are held, else the reason of the first that is not covered
 */
export function holdOwnLegs(
  state: LedgerState,
  chainId: number,
  kind: OperationKind,
  legs: readonly Leg[],
): Reason | null {
  const held: Leg[] = [];
  for (const [place, leg] of legs.entries()) {
    if (leg.chainId !== chainId || !isHold(leg)) continue;
    const [table, key] = holdingOf(state, leg);
    if (table.available(key) < leg.amount) {
      voidOwnLegs(state, held);
      return insufficient(kind, leg, place);
    }
    table.hold(key, leg.amount);
    held.push(leg);
  }
  return null;
}

/** Makes available again exactly what an operation's own legs hold (I25). */
export function voidOwnLegs(state: LedgerState, ownLegs: readonly Leg[]): void {
  for (const leg of ownLegs) {
    if (!isHold(leg)) continue;
    const [table, key] = holdingOf(state, leg);
    table.void(key, leg.amount);
  }
}

/** Takes away what an operation's own legs hold and lands their credits. */
export function postOwnLegs(state: LedgerState, index: RegistryIndex, ownLegs: readonly Leg[]): void {
  for (const leg of ownLegs) {
    if (isHold(leg)) {
      const [table, key] = holdingOf(state, leg);
      table.post(key, leg.amount);
    } else {
      credit(state, index, leg);
    }
  }
}

function credit(state: LedgerState, index: RegistryIndex, { account, owner, subject, backer, amount }: Leg): void {
  switch (account as LegAccount) {
    case LegAccount.balance:
      return state.creditBalance(owner, subjectAsset(subject), amount);
    case LegAccount.position:
      return state.creditPosition(owner, subject, backer, amount);
    case LegAccount.exposure:
      return state.creditExposure(subject, backer, amount);
    case LegAccount.collateral: {
      // Planned from the registry, which never drops a series.
      const { terms } = index.series(subject)!;
      return state.creditCollateral(subject, backer, collateralAsset(terms), amount);
    }
  }
}

function insufficient(kind: OperationKind, leg: Leg, place: number): Reason {
  switch (leg.account as LegAccount) {
    case LegAccount.position:
      return Reason.insufficient_position;
    case LegAccount.exposure:
      return Reason.insufficient_exposure;
    case LegAccount.collateral:
      return Reason.insufficient_collateral;
    case LegAccount.balance:
      return kind === OperationKind.write && place === WRITE_COLLATERAL_LEG
        ? Reason.insufficient_collateral
        : Reason.insufficient_payment;
  }
}
