import { type Price, seriesId } from '#libs/protocol';
import { describe, expect, it } from 'vitest';
import { address, ETH, EXPIRY_MS, makeGenesis, START_MS, terms, USD, WINDOW_MS } from '../testing/network.js';
import { PriceBook } from './price-book.js';

const european = terms({ isEuropean: true });
const later = terms({ isEuropean: true, expiryMs: EXPIRY_MS + 10 });
const { registry } = makeGenesis([european, later, terms()]);
const price = (round: bigint, over: Partial<Price> = {}): Price => ({
  underlying: ETH,
  quote: USD,
  round,
  price: round * 100n + 1n,
  observedAtMs: 0,
  ...over,
});

describe('a price book', () => {
  it('keeps the newest round of a market and takes growing rounds alone', () => {
    const book = new PriceBook();
    expect(book.latest(ETH, USD)).toBeNull();
    book.apply(price(3n), START_MS, registry);
    expect(book.latest(ETH, USD)).toEqual({ round: 3n, price: 301n, timestampMs: START_MS });
    for (const round of [0n, 3n, 2n]) {
      expect(() => book.apply(price(round), START_MS, registry)).toThrow(`Round ${round} of the price`);
    }
    expect(() => book.apply(price(4n, { price: 0n }), START_MS, registry)).toThrow('is zero');
    expect(() => book.apply(price(4n, { quote: address(1) }), START_MS, registry)).toThrow('no market');
    book.apply(price(9n), START_MS + 1, registry);
    expect(book.latest(ETH, USD)?.round).toBe(9n);
  });

  it('settles a European series at the first round whose block is not before expiry', () => {
    const book = new PriceBook();
    expect(book.apply(price(1n), EXPIRY_MS - 1, registry)).toEqual([]);
    expect(book.settlement(seriesId(european))).toBeNull();
    expect(book.apply(price(2n), EXPIRY_MS, registry)).toEqual([seriesId(european)]);
    expect(book.apply(price(3n), EXPIRY_MS + 10, registry)).toEqual([seriesId(later)]);
    expect(book.settlement(seriesId(european))?.round).toBe(2n);
    expect(book.settlement(seriesId(later))?.round).toBe(3n);
    expect(book.settlement(seriesId(terms()))).toBeNull();
  });

  it('settles nothing after the window, so that a forgotten settlement does not come back', () => {
    const book = new PriceBook();
    book.apply(price(1n), EXPIRY_MS, registry);
    book.forgetSettlement(seriesId(european));
    expect(book.apply(price(2n), EXPIRY_MS + WINDOW_MS + 1, registry)).toEqual([seriesId(later)]);
  });

  it('is not changed by an overlay, which sees what was there and what it took itself', () => {
    const book = new PriceBook();
    book.apply(price(1n), EXPIRY_MS, registry);
    const draft = book.overlay();
    expect(() => draft.apply(price(1n), EXPIRY_MS, registry)).toThrow('does not follow');
    expect(draft.apply(price(2n), EXPIRY_MS + 10, registry)).toEqual([seriesId(later)]);
    expect([draft.latest(ETH, USD)?.round, book.latest(ETH, USD)?.round]).toEqual([2n, 1n]);
    expect([draft.settlement(seriesId(european))?.round, book.settlement(seriesId(later))]).toEqual([1n, null]);
  });
});
