import { equalBytes } from '#libs/protocol';
import type { Prices } from '../planning/plan-types.js';
import type { RegistryIndex } from '../registry-index.js';
import { balanceKey, type LedgerState } from '../state/ledger-state.js';
import { OPTIONS_MARKET_ADDRESS } from './abi.js';
import { Revert, shown } from './words.js';

/** What the market's functions read and change. */
export interface MarketContext {
  state: LedgerState;
  /** The registry in force. */
  index: RegistryIndex;
  prices: Prices;
}

const ZERO_ADDRESS = new Uint8Array(20);

/** @throws Revert when the registry lists no such asset */
export function requireAsset({ index }: MarketContext, asset: Uint8Array): void {
  if (!index.asset(asset)) throw new Revert(`unknown asset ${shown(asset)}`);
}

/** @throws Revert when the registry lists no such pool */
export function requirePool({ index }: MarketContext, pool: Uint8Array): { operator: Uint8Array } {
  const known = index.pool(pool);
  if (!known) throw new Revert(`unknown pool ${shown(pool)}`);
  return known;
}

/** @throws Revert when the registry lists no such series */
export function requireSeries({ index }: MarketContext, series: Uint8Array): void {
  if (!index.series(series)) throw new Revert(`unknown series ${shown(series)}`);
}

/** @throws Revert for addresses that nobody can spend from */
export function requireRecipient(to: Uint8Array): void {
  if (equalBytes(to, ZERO_ADDRESS)) throw new Revert('transfer to the zero address');
  if (equalBytes(to, OPTIONS_MARKET_ADDRESS)) throw new Revert('the options market holds no assets');
}

/** @throws Revert when less is available; what undecided operations hold does not count */
export function requireBalance({ state }: MarketContext, owner: Uint8Array, asset: Uint8Array, amount: bigint): void {
  const available = state.balances.available(balanceKey(owner, asset));
  if (available < amount) throw new Revert(`insufficient balance: have ${available}, need ${amount}`);
}
