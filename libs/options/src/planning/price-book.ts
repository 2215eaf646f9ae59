import { bytesToHex, LockstepError, type Price, type Registry } from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import { indexRegistry, marketKey } from '../registry-index.js';
import type { PricePoint, Prices } from './plan-types.js';

export type PriceErrorType =
  | { code: 'PRICE_UNKNOWN_MARKET'; underlying: string; quote: string }
  | { code: 'PRICE_ROUND_NOT_NEWER'; round: bigint; newest: bigint }
  | { code: 'PRICE_ZERO'; round: bigint };

/** A price that cannot follow the ones before it. */
export class PriceError extends LockstepError<PriceErrorType> {}

/**
 * The prices of a log up to one place in it: each market's newest round, each European series' settlement price. Used
 * by the sequencer while it builds a block and by every ledger.
 */
export class PriceBook implements Prices {
  private readonly newest = new Map<string, PricePoint>();
  private readonly settled = new Map<string, PricePoint>();

  /** @param base what stands before this book's own prices */
  constructor(private readonly base: Prices | null = null) {}

  /** A book on top of this one, for the prices of a block that may yet be dropped; this one does not change. */
  overlay(): PriceBook {
    return new PriceBook(this);
  }

  latest(underlying: Uint8Array, quote: Uint8Array): PricePoint | null {
    return this.newest.get(marketKey(underlying, quote)) ?? this.base?.latest(underlying, quote) ?? null;
  }

  settlement(seriesId: Uint8Array): PricePoint | null {
    return this.settled.get(bytesKey(seriesId)) ?? this.base?.settlement(seriesId) ?? null;
  }

  /**
   * Why a price cannot be applied next, or null when it can: its market is listed, its round grows, it is not zero. The
   * signature is the caller's to check.
   */
  check(price: Price, registry: Registry): PriceError | null {
    const { underlying, quote, round } = price;
    if (!indexRegistry(registry).market(underlying, quote)) {
      const market = { underlying: bytesToHex(underlying), quote: bytesToHex(quote) };
      return new PriceError(
        { code: 'PRICE_UNKNOWN_MARKET', ...market },
        `The registry lists no market ${market.underlying} / ${market.quote}.`,
      );
    }
    if (price.price === 0n)
      return new PriceError({ code: 'PRICE_ZERO', round }, `The price of round ${round} is zero.`);
    const newest = this.latest(underlying, quote)?.round ?? 0n;
    if (round <= newest) {
      return new PriceError(
        { code: 'PRICE_ROUND_NOT_NEWER', round, newest },
        `Round ${round} of the price does not follow round ${newest}.`,
        'Publish the price again with a round above the newest one.',
      );
    }
    return null;
  }

  /**
   * Takes the next price of the log.
   * @param timestampMs timestamp of its block, log time in ms
   * @param registry in force in its block
   * @returns ids of the European series that it settles: expired, still in their window, without a price so far
   * @throws PriceError when {@link check} finds fault
   */
  apply(price: Price, timestampMs: number, registry: Registry): Uint8Array[] {
    const error = this.check(price, registry);
    if (error) throw error;
    const { underlying, quote, round } = price;
    const point = { round, price: price.price, timestampMs };
    this.setLatest(underlying, quote, point);
    const settles: Uint8Array[] = [];
    for (const { id, terms, windowEndMs } of indexRegistry(registry).europeanSeries(underlying, quote)) {
      // A price after the window settles nothing: no PREPARE can follow it in time.
      if (terms.expiryMs > timestampMs || windowEndMs < timestampMs || this.settlement(id)) continue;
      this.setSettlement(id, point);
      settles.push(id);
    }
    return settles;
  }

  /** Sets a market's newest round: for a book that is loaded from where it was stored. */
  setLatest(underlying: Uint8Array, quote: Uint8Array, point: PricePoint): void {
    this.newest.set(marketKey(underlying, quote), point);
  }

  /** Sets a series' settlement price, likewise. */
  setSettlement(seriesId: Uint8Array, point: PricePoint): void {
    this.settled.set(bytesKey(seriesId), point);
  }

  /** Drops the settlement price of a series that was cleared. */
  forgetSettlement(seriesId: Uint8Array): void {
    this.settled.delete(bytesKey(seriesId));
  }
}
