import { LegAccount, LegDirection, Reason, type SeriesTerms, subjectAsset } from '#libs/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  address,
  ALICE,
  ALL_TERMS,
  BOB,
  CHAINS,
  ETH,
  EXPIRY_MS,
  hexOf,
  makeGenesis,
  Network,
  ONE_ETH,
  ONE_USD,
  POOL,
  PREPARE_MS_MAX,
  START_MS,
  terms,
  USD,
  WINDOW_MS,
} from '../testing/network.js';
import { collateralToLock, collateralToRelease, exercisePayout } from './amounts.js';
import { planOperation } from './plan-operation.js';
import type { Plan, PricePoint, Prices } from './plan-types.js';

const network = new Network();
const at = (price: bigint, timestampMs = START_MS, round = 5n): Prices => {
  const point: PricePoint = { round, price, timestampMs };
  return { latest: () => point, settlement: () => point };
};
const NO_PRICES: Prices = { latest: () => null, settlement: () => null };

type Intent = Parameters<typeof planOperation>[0]['intent'];
const plan = (intent: Intent, over: Partial<Parameters<typeof planOperation>[0]> = {}) =>
  planOperation({
    intent,
    registry: makeGenesis().registry,
    prices: at(2_500n * ONE_USD),
    timestampMs: START_MS,
    prepareMsMax: PREPARE_MS_MAX,
    ...over,
  });

/** Legs in words: direction, account, owner, what, amount, rollup. */
function words(planned: ReturnType<typeof plan>): string[] {
  const names = new Map([
    [hexOf(ALICE), 'alice'],
    [hexOf(BOB), 'bob'],
    [hexOf(ETH), 'ETH'],
    [hexOf(USD), 'USD'],
  ]);
  const role = new Map<number, string>(Object.entries(CHAINS).map(([name, chainId]) => [chainId, name]));
  expect(planned).toMatchObject({ ok: true });
  return (planned as Plan).legs.map(({ chainId, direction, account, owner, subject, amount }) => {
    const isBalance = account === (LegAccount.balance as number);
    const what = isBalance ? ` ${names.get(hexOf(subjectAsset(subject)))}` : '';
    const where = role.get(chainId);
    return `${LegDirection[direction]} ${LegAccount[account]} ${names.get(hexOf(owner))}${what} ${amount} on ${where}`;
  });
}

const timesFor = ({ isEuropean }: SeriesTerms) => ({ timestampMs: isEuropean ? EXPIRY_MS : START_MS });

describe('an exercise', () => {
  it.each([false, true])(
    'of a cash call pays (price - strike) / price of the underlying; European: %s',
    (isEuropean) => {
      const of = terms({ isEuropean });
      const planned = plan(network.exerciseIntent(of, 7n), timesFor(of));
      // 7 × 500 / 2500 = 1.4, rounded down.
      expect(words(planned)).toEqual([
        'hold position bob 7 on position',
        'hold exposure alice 7 on exposure',
        'hold collateral alice 7 on collateral',
        'credit balance bob ETH 1 on settlement',
        'credit balance alice ETH 6 on collateral',
      ]);
      expect(planned).toMatchObject({ payout: 1n, priceRound: 5n, participants: [101, 102, 103, 104] });
    },
  );

  it.each([false, true])('of a cash put pays strike - price in the quote asset; European: %s', (isEuropean) => {
    const of = terms({ isPut: true, isEuropean });
    const quantity = (3n * ONE_ETH) / 2n + 1n;
    const planned = plan(network.exerciseIntent(of, quantity), { ...timesFor(of), prices: at(1_999_999_999n) });
    // Released: floor(1.5…01 × 2,000) USD; paid: 1.5…01 × 0.000001 USD = 1.5, rounded down.
    expect(words(planned)).toEqual([
      `hold position bob ${quantity} on position`,
      `hold exposure alice ${quantity} on exposure`,
      'hold collateral alice 3000000000 on collateral',
      'credit balance bob USD 1 on settlement',
      'credit balance alice USD 2999999999 on collateral',
    ]);
  });

  it.each([false, true])(
    'of a physical call takes the strike, rounded up, and delivers; European: %s',
    (isEuropean) => {
      const of = terms({ isPhysical: true, isEuropean });
      const planned = plan(network.exerciseIntent(of, ONE_ETH + 1n), timesFor(of));
      expect(words(planned)).toEqual([
        'hold position bob 1000000000000000001 on position',
        'hold exposure alice 1000000000000000001 on exposure',
        'hold collateral alice 1000000000000000001 on collateral',
        'hold balance bob USD 2000000001 on settlement',
        'credit balance bob ETH 1000000000000000001 on settlement',
        'credit balance alice USD 2000000001 on settlement',
      ]);
      expect(planned).toMatchObject({ payout: ONE_ETH + 1n });
    },
  );

  it.each([false, true])(
    'of a physical put takes the underlying and pays the strike down; European: %s',
    (isEuropean) => {
      const of = terms({ isPhysical: true, isPut: true, isEuropean });
      const quantity = ONE_ETH - 1n;
      const planned = plan(network.exerciseIntent(of, quantity), { ...timesFor(of), prices: at(1n) });
      expect(words(planned)).toEqual([
        `hold position bob ${quantity} on position`,
        `hold exposure alice ${quantity} on exposure`,
        'hold collateral alice 1999999999 on collateral',
        `hold balance bob ETH ${quantity} on settlement`,
        'credit balance bob USD 1999999999 on settlement',
        `credit balance alice ETH ${quantity} on settlement`,
      ]);
    },
  );

  it.each([
    ['a call at the strike', terms(), ONE_ETH, 2_000n * ONE_USD],
    ['a call below it', terms(), ONE_ETH, 1n],
    ['a call whose payout rounds to nothing', terms(), 4n, 2_500n * ONE_USD],
    ['a put at the strike', terms({ isPut: true }), ONE_ETH, 2_000n * ONE_USD],
    ['a put whose payout rounds to nothing', terms({ isPut: true }), ONE_ETH - 1n, 1_999_999_999n],
    ['a physical call at the strike', terms({ isPhysical: true }), ONE_ETH, 2_000n * ONE_USD],
    ['a physical put that would be paid nothing', terms({ isPhysical: true, isPut: true }), 1n, 1n],
  ])('is not in the money: %s', (_case, of, quantity, price) => {
    expect(plan(network.exerciseIntent(of, quantity), { prices: at(price) })).toEqual({
      ok: false,
      reason: Reason.not_in_the_money,
    });
  });

  it('is possible within its window alone, both ends included', () => {
    const outside = { ok: false, reason: Reason.outside_exercise_window };
    const american = (timestampMs: number) => plan(network.exerciseIntent(terms(), ONE_ETH), { timestampMs });
    const european = (timestampMs: number) =>
      plan(network.exerciseIntent(terms({ isEuropean: true }), ONE_ETH), { timestampMs });
    expect([american(START_MS).ok, american(EXPIRY_MS).ok]).toEqual([true, true]);
    expect(american(EXPIRY_MS + 1)).toEqual(outside);
    expect(european(EXPIRY_MS - 1)).toEqual(outside);
    expect([european(EXPIRY_MS).ok, european(EXPIRY_MS + WINDOW_MS).ok]).toEqual([true, true]);
    expect(european(EXPIRY_MS + WINDOW_MS + 1)).toEqual(outside);
  });

  it('looks at round and age of the price for an American series alone', () => {
    const american = (over: Record<string, unknown>, prices: Prices) =>
      plan(network.exerciseIntent(terms(), ONE_ETH, over), { prices, timestampMs: START_MS + 100 });
    const price = at(2_500n * ONE_USD);
    const unknownRound = { ok: false, reason: Reason.unknown_price_round };
    expect(american({}, NO_PRICES)).toEqual(unknownRound);
    expect(american({ minPriceRound: 6n }, price)).toEqual({ ...unknownRound, field: 'minPriceRound' });
    expect(american({ minPriceRound: 5n, maxPriceAgeMs: 100n }, price)).toMatchObject({ ok: true });
    expect(american({ maxPriceAgeMs: 99n }, price)).toMatchObject({ reason: Reason.stale_price });

    const european = (prices: Prices) =>
      plan(network.exerciseIntent(terms({ isEuropean: true }), ONE_ETH, { minPriceRound: 99n, maxPriceAgeMs: 0n }), {
        prices,
        timestampMs: EXPIRY_MS + 5,
      });
    expect(european(price)).toMatchObject({ ok: true, priceRound: 5n });
    expect(european(NO_PRICES)).toEqual(unknownRound);
  });
});

describe('a write', () => {
  it('locks a call in the underlying and a put in the quote asset, rounded up, and moves the premium', () => {
    expect(words(plan(network.writeIntent(terms(), 7n, { premium: 3n })))).toEqual([
      'hold balance alice ETH 7 on collateral',
      'hold balance bob USD 3 on settlement',
      'credit position bob 7 on position',
      'credit exposure alice 7 on exposure',
      'credit collateral alice 7 on collateral',
      'credit balance alice USD 3 on settlement',
    ]);
    expect(words(plan(network.writeIntent(terms({ isPut: true }), ONE_ETH + 1n)))).toEqual([
      'hold balance alice USD 2000000001 on collateral',
      'credit position bob 1000000000000000001 on position',
      'credit exposure alice 1000000000000000001 on exposure',
      'credit collateral alice 2000000001 on collateral',
    ]);
  });

  it('leaves out the settlement rollup where no premium moves, and names each rollup once', () => {
    expect(plan(network.writeIntent(terms(), 7n))).toMatchObject({ participants: [101, 102, 103] });
    const one = terms({ positionChainId: 104, exposureChainId: 104, collateralChainId: 104 });
    const { registry } = makeGenesis([one]);
    expect(plan(network.writeIntent(one, 7n, { premium: 1n }), { registry })).toMatchObject({ participants: [104] });
  });

  it('is possible to expiry, backed by the writer or a pool, unless delisted', () => {
    const european = terms({ isEuropean: true });
    expect(plan(network.writeIntent(european, 7n), { timestampMs: EXPIRY_MS })).toMatchObject({ ok: true });
    expect(plan(network.writeIntent(european, 7n), { timestampMs: EXPIRY_MS + 1 })).toMatchObject({
      reason: Reason.outside_exercise_window,
    });
    expect(plan(network.writeIntent(terms(), 7n, { backer: POOL }))).toMatchObject({ ok: true });
    expect(plan(network.writeIntent(terms(), 7n, { backer: BOB }))).toEqual({
      ok: false,
      reason: Reason.malformed_prepare,
      field: 'backer',
    });
    const { registry } = makeGenesis();
    const delisted = { ...registry, series: registry.series.map((series) => ({ ...series, delisted: true })) };
    const refused = plan(network.writeIntent(terms(), 7n), { registry: delisted });
    expect(refused).toEqual({ ok: false, reason: Reason.series_delisted, field: 'series' });
    expect(plan(network.exerciseIntent(terms(), 7n), { registry: delisted })).toMatchObject({ ok: true });
    expect(plan(network.closeIntent(terms(), 7n), { registry: delisted })).toMatchObject({ ok: true });
  });
});

describe('a close', () => {
  it('releases a put rounded down and pays the holder', () => {
    expect(words(plan(network.closeIntent(terms({ isPut: true }), ONE_ETH + 1n, { payment: 9n })))).toEqual([
      'hold position bob 1000000000000000001 on position',
      'hold exposure alice 1000000000000000001 on exposure',
      'hold collateral alice 2000000000 on collateral',
      'hold balance alice USD 9 on settlement',
      'credit balance alice USD 2000000000 on collateral',
      'credit balance bob USD 9 on settlement',
    ]);
  });

  it('leaves out what rounds to nothing and is possible to the end of the window', () => {
    expect(words(plan(network.closeIntent(terms({ isPut: true }), 1n)))).toEqual([
      'hold position bob 1 on position',
      'hold exposure alice 1 on exposure',
    ]);
    const european = terms({ isEuropean: true });
    const closing = (timestampMs: number) => plan(network.closeIntent(european, 1n), { timestampMs }).ok;
    expect([closing(EXPIRY_MS + WINDOW_MS), closing(EXPIRY_MS + WINDOW_MS + 1)]).toEqual([true, false]);
  });
});

describe('any operation', () => {
  it('is refused for zero addresses, no quantity, an unknown series and amounts above 256 bits', () => {
    const malformed = (field: string) => ({ ok: false, reason: Reason.malformed_prepare, field });
    const zero = address(0);
    expect(plan(network.writeIntent(terms(), 1n, { writer: zero }))).toEqual(malformed('writer'));
    expect(plan(network.writeIntent(terms(), 1n, { buyer: zero }))).toEqual(malformed('buyer'));
    expect(plan(network.exerciseIntent(terms(), 1n, { holder: zero }))).toEqual(malformed('holder'));
    expect(plan(network.closeIntent(terms(), 1n, { backer: zero }))).toEqual(malformed('backer'));
    expect(plan(network.closeIntent(terms(), 0n))).toEqual(malformed('quantity'));
    const huge = 2n ** 256n - 1n;
    expect(
      plan(network.writeIntent(terms({ isPut: true, strike: ONE_ETH * 2n }), huge), {
        registry: makeGenesis([terms({ isPut: true, strike: ONE_ETH * 2n })]).registry,
      }),
    ).toEqual(malformed('quantity'));
    expect(plan(network.writeIntent(terms({ strike: 1n }), 1n))).toEqual({
      ok: false,
      reason: Reason.unknown_series,
      field: 'series',
    });
  });

  it('is refused while a rollup of the series is paused or quarantined', () => {
    const { registry } = makeGenesis();
    const flagged = (flags: object) => ({
      ...registry,
      rollups: registry.rollups.map((rollup) => (rollup.chainId === 104 ? { ...rollup, ...flags } : rollup)),
    });
    const intent = network.exerciseIntent(terms(), ONE_ETH);
    const both = flagged({ paused: true, quarantined: true });
    expect(plan(intent, { registry: both })).toEqual({ ok: false, reason: Reason.rollup_paused });
    const quarantined = flagged({ quarantined: true });
    expect(plan(intent, { registry: quarantined })).toEqual({ ok: false, reason: Reason.quarantined });
  });

  it('ends at the earlier of its own deadline and the longest time to decide', () => {
    const by = (deadlineMs: number) => plan(network.closeIntent(terms(), 1n, { deadlineMs: BigInt(deadlineMs) }));
    expect(by(START_MS)).toMatchObject({ reason: Reason.deadline_too_near, field: 'deadlineMs' });
    expect(by(START_MS + 1)).toMatchObject({ deadlineMs: START_MS + 1 });
    expect(by(START_MS + PREPARE_MS_MAX + 1)).toMatchObject({ deadlineMs: START_MS + PREPARE_MS_MAX });
  });
});

describe('amounts', () => {
  const amount = fc.bigInt(1n, 10n ** 24n);
  const anyTerms = fc
    .record({ of: fc.constantFrom(...ALL_TERMS), strike: amount })
    .map(({ of, strike }) => ({ ...of, strike }));
  const unit = fc.nat(18).map((decimals) => 10n ** BigInt(decimals));

  it('released never exceed what was locked, however often quantities are split (I19)', () => {
    fc.assert(
      fc.property(anyTerms, unit, fc.array(amount, { minLength: 1 }), fc.array(amount), (of, one, writes, cuts) => {
        let left = writes.reduce((sum, quantity) => sum + quantity, 0n);
        const locked = writes.reduce((sum, quantity) => sum + collateralToLock(of, one, quantity), 0n);
        let released = 0n;
        for (const cut of [...cuts, left]) {
          const quantity = cut < left ? cut : left;
          released += collateralToRelease(of, one, quantity);
          left -= quantity;
        }
        return released <= locked;
      }),
    );
  });

  it('paid never exceed what is released, nor the exact value (rounding is against the holder)', () => {
    fc.assert(
      fc.property(anyTerms, unit, amount, amount, (of, one, quantity, price) => {
        const payout = exercisePayout(of, one, quantity, price);
        expect(payout).toBeLessThanOrEqual(collateralToRelease(of, one, quantity));
        if (of.isPhysical) return;
        const exact = of.isPut ? quantity * (of.strike - price) : quantity * (price - of.strike);
        expect(payout * (of.isPut ? one : price)).toBeLessThanOrEqual(exact > 0n ? exact : 0n);
      }),
    );
  });
});
