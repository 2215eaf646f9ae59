import { seriesId, type SeriesTerms } from '#libs/protocol';
import { describe, expect, it } from 'vitest';
import {
  ALICE,
  ALL_TERMS,
  BOB,
  CHAINS,
  ETH,
  EXPIRY_MS,
  hexOf,
  Network,
  ONE_ETH,
  ONE_USD,
  PREPARE_MS_MAX,
  terms,
  USD,
  WINDOW_MS,
} from '../testing/network.js';
import { ETH_FUNDS, events, has, USD_FUNDS, withOptions } from '../testing/scenario.js';
import { Store } from '../testing/store.js';

const { position, exposure, collateral, settlement } = CHAINS;

describe('clearing', () => {
  const clearsAfterMs = (of: SeriesTerms) => EXPIRY_MS + (of.isEuropean ? WINDOW_MS : 0) + PREPARE_MS_MAX;

  it.each([terms(), terms({ isEuropean: true, isPut: true })])(
    'gives the collateral back after the window (European $isEuropean)',
    (of) => {
      const network = withOptions(of, 3n * ONE_ETH);
      if (of.isEuropean) network.block([network.price(2n, ONE_USD)], EXPIRY_MS);
      expect(events(network.block([], clearsAfterMs(of)))).toEqual([]);
      const results = network.block([], clearsAfterMs(of) + 1);
      const amount = of.isPut ? 6_000n * ONE_USD : 3n * ONE_ETH;
      const event = results.get(collateral)?.operationEvents;
      expect(event).toMatchObject([{ type: 'cleared', returned: [{ backer: ALICE, amount }] }]);
      expect(results.get(position)?.operationEvents).toMatchObject([{ longs: 3n * ONE_ETH, shorts: 0n }]);
      expect(results.get(exposure)?.operationEvents).toMatchObject([{ longs: 0n, shorts: 3n * ONE_ETH }]);
      expect(has(network, collateral, ALICE, of.isPut ? USD : ETH)).toBe(of.isPut ? USD_FUNDS : ETH_FUNDS);
      expect(network.ledger(position).prices.settlement(seriesId(of))).toBeNull();
      expect(network.sums().longs).toEqual(new Map());
      expect(events(network.block([], clearsAfterMs(of) + 2))).toEqual([]);
    },
  );

  it("comes after the last commit that can be: PREPARE at the window's end, COMMIT at its deadline", () => {
    const network = withOptions(terms());
    network.block([network.price(3n, 2_500n * ONE_USD)], EXPIRY_MS);
    const prepared = network.prepare(network.exerciseIntent(terms(), ONE_ETH), { atMs: EXPIRY_MS });
    network.commit(prepared, EXPIRY_MS + PREPARE_MS_MAX);
    expect(has(network, settlement, BOB, ETH)).toBe(ETH_FUNDS + ONE_ETH / 5n);
    network.block([], clearsAfterMs(terms()) + 1);
    expect(network.sums().shorts).toEqual(new Map());
  });

  it('is not forgotten by a ledger that is stored in the last block before it', () => {
    const network = withOptions(terms());
    network.block([], clearsAfterMs(terms()));
    const store = new Store();
    store.save(network.ledger(exposure));
    const loaded = store.load(network, exposure);
    network.ledgers.set(exposure, loaded);
    network.block([], clearsAfterMs(terms()) + 1);
    expect([...loaded.exposures()]).toEqual([]);
  });

  it('voids what has expired first, in one block, and goes through series in ascending ids', () => {
    const network = new Network();
    for (const of of ALL_TERMS) network.execute(network.writeIntent(of, ONE_ETH));
    network.prepare(network.closeIntent(terms(), ONE_ETH), { atMs: EXPIRY_MS });
    const results = network.block([], clearsAfterMs(terms({ isEuropean: true })) + 1).get(exposure)!;
    expect(results.operationEvents[0]).toMatchObject({ type: 'expired' });
    const cleared = results.operationEvents
      .slice(1)
      .map((event) => (event.type === 'cleared' ? hexOf(event.series) : event.type));
    expect(cleared).toEqual(ALL_TERMS.map((of) => hexOf(seriesId(of))).sort());
  });
});
