import type { SeriesTerms } from '#libs/protocol';

/**
 * The amounts of an option, in base units, rounded against the holder who takes (design, section 8).
 *
 * Units: quantity in base units of the underlying, of which one whole unit has `unit` = 10^decimals; strike and price in
 * base units of the quote asset for one whole underlying.
 */
type Terms = Pick<SeriesTerms, 'isPut' | 'isPhysical' | 'strike' | 'underlying' | 'quote'>;

/** What an option is collateralised and cash-settled in: a call the underlying, a put the quote asset. */
export const collateralAsset = (terms: Terms): Uint8Array => (terms.isPut ? terms.quote : terms.underlying);

/** What a write locks: call q; put ceil(q × strike / unit). */
export function collateralToLock(terms: Terms, unit: bigint, quantity: bigint): bigint {
  return terms.isPut ? ceilDiv(quantity * terms.strike, unit) : quantity;
}

/**
 * What an exercise or a close takes out of the locked collateral: call q; put floor(q × strike / unit). So all releases
 * together never exceed the locks; the dust stays locked until the series is cleared.
 */
export function collateralToRelease(terms: Terms, unit: bigint, quantity: bigint): bigint {
  return terms.isPut ? (quantity * terms.strike) / unit : quantity;
}

/** Whether exercising is worth anything: call price > strike; put price < strike. */
export function isInTheMoney(terms: Terms, price: bigint): boolean {
  return terms.isPut ? price < terms.strike : price > terms.strike;
}

/**
 * What the holder receives in the collateral asset; 0 out of the money.
 * - cash: call floor(q × (price − strike) / price); put floor(q × (strike − price) / unit)
 * - physical: call q; put floor(q × strike / unit)
 */
export function exercisePayout(terms: Terms, unit: bigint, quantity: bigint, price: bigint): bigint {
  if (!isInTheMoney(terms, price)) return 0n;
  if (terms.isPhysical) return collateralToRelease(terms, unit, quantity);
  return terms.isPut ? (quantity * (terms.strike - price)) / unit : (quantity * (price - terms.strike)) / price;
}

/**
 * What the holder gives in physical settlement: call ceil(q × strike / unit) of the quote asset; put q of the
 * underlying. Cash settlement: nothing.
 */
export function exercisePayment(terms: Terms, unit: bigint, quantity: bigint): { asset: Uint8Array; amount: bigint } {
  const asset = terms.isPut ? terms.underlying : terms.quote;
  if (!terms.isPhysical) return { asset, amount: 0n };
  return { asset, amount: terms.isPut ? quantity : ceilDiv(quantity * terms.strike, unit) };
}

const ceilDiv = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;
