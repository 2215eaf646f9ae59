import { commitmentDigest, decodePrice, equalBytes, type LogEntry, Price, sszRoot } from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import type { PricePoint } from '../planning/plan-types.js';
import { balanceKey, type LedgerState } from '../state/ledger-state.js';
import { type BlockScope, placeIn } from './block-scope.js';
import { LedgerHaltError } from './halt-error.js';
import { readEntry } from './read-entry.js';

/**
 * PRICE: a market's next round, signed by its price key; settles the European series that waited for it.
 * @throws LedgerHaltError for a price that must not stand in the log
 */
export function applyPrice(block: BlockScope, { sequence, bytes }: LogEntry): void {
  const { price, signature } = readEntry(block, sequence, () => decodePrice(bytes));
  const halt = (detail: string): never => {
    throw new LedgerHaltError({ code: 'HALT_PRICE', ...placeIn(block, sequence), detail }, detail);
  };
  const { state, prices, registry, timestampMs, logId } = block;
  const error = prices.check(price, registry);
  if (error) halt(error.message);
  const market = block.index.market(price.underlying, price.quote)!;
  const signer = block.recover(commitmentDigest(logId, 'price', sszRoot(Price, price)), signature);
  if (!signer || !equalBytes(signer, market.priceKey)) halt(`Round ${price.round} is not signed by the price key.`);

  const settled = prices.apply(price, timestampMs, registry);
  const { round, price: amount } = price;
  storeLatest(state, price, { round, price: amount, timestampMs });
  for (const series of settled) {
    state.settlements.insert({ series, round, price: amount, timestampMs }, bytesKey(series));
  }
}

function storeLatest(state: LedgerState, { underlying, quote }: Price, point: PricePoint): void {
  const key = balanceKey(underlying, quote);
  const row = state.prices.get(key);
  if (!row) {
    const { round, price, timestampMs } = point;
    state.prices.insert({ underlying, quote, round, price, timestampMs }, key);
    return;
  }
  Object.assign(row, point);
  state.prices.touch(row);
}
