import { equalBytes } from '#libs/protocol';
import { OPTIONS_MARKET_ADDRESS } from './abi.js';
import { type CheckedCall, checkMarketCall, marketGas } from './call-market.js';
import { transferLog } from './event-logs.js';
import { type MarketContext, requireBalance } from './market-context.js';
import { Revert } from './words.js';

/** What a transaction asks for. */
export interface Call {
  from: Uint8Array;
  /** Null: a contract creation, which is always reverted. */
  to: Uint8Array | null;
  /** Native asset, base units. */
  value: bigint;
  data: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

const isMarket = (to: Uint8Array | null): boolean => to !== null && equalBytes(to, OPTIONS_MARKET_ADDRESS);

/** Gas of a call on top of the intrinsic gas: only the market costs any. */
export const callGas = ({ to, data }: Pick<Call, 'to' | 'data'>): bigint => (isMarket(to) ? marketGas(data) : 0n);

/**
 * Checks a call without changing anything: a function of the market, or a transfer of the native asset to any other
 * address, whose data means nothing.
 * @throws Revert
 */
export function checkCall(context: MarketContext, nativeAsset: Uint8Array, call: Call): CheckedCall {
  const { from, to, value, data } = call;
  if (to === null) throw new Revert('contracts cannot be created on this rollup');
  if (isMarket(to)) {
    if (value > 0n) throw new Revert('the options market takes no value');
    return checkMarketCall(context, from, data);
  }
  if (value > 0n) requireBalance(context, from, nativeAsset, value);
  return {
    data: NO_BYTES,
    effect: () => {
      if (value === 0n) return [];
      context.state.moveBalance(from, to, nativeAsset, value);
      return [transferLog(nativeAsset, from, to, value)];
    },
  };
}
