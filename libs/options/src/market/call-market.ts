import type { MarketContext } from './market-context.js';
import {
  type Effect,
  type MarketFunction,
  poolDeposit,
  poolWithdraw,
  transfer,
  transferOption,
} from './market-functions.js';
import {
  balanceOf,
  collateralOf,
  exposureOf,
  heldOf,
  latestPrice,
  type MarketView,
  positionOf,
} from './market-views.js';
import { CallArguments, Revert, selectorIn, selectorOf } from './words.js';

/** Gas of a view, and of a call that names no function; on top of the intrinsic gas. */
const VIEW_GAS = 5_000n;

interface Entry {
  words: number;
  gas: bigint;
  change?: MarketFunction;
  view?: MarketView;
}

const change = (change: MarketFunction, signature: string, gas: bigint): [number, Entry] => [
  selectorOf(signature),
  { words: wordsOf(signature), gas, change },
];
const view = (view: MarketView, signature: string): [number, Entry] => [
  selectorOf(signature),
  { words: wordsOf(signature), gas: VIEW_GAS, view },
];
const wordsOf = (signature: string): number => signature.split(',').length;

/** The market's functions by selector. Each costs a fixed gas, whatever it does. */
const FUNCTIONS = new Map<number, Entry>([
  change(transfer, 'transfer(address,address,uint256)', 30_000n),
  change(transferOption, 'transferOption(bytes32,address,address,uint256)', 40_000n),
  change(poolDeposit, 'poolDeposit(address,address,uint256)', 35_000n),
  change(poolWithdraw, 'poolWithdraw(address,address,uint256)', 35_000n),
  view(balanceOf, 'balanceOf(address,address)'),
  view(heldOf, 'heldOf(address,address)'),
  view(positionOf, 'positionOf(address,bytes32,address)'),
  view(exposureOf, 'exposureOf(bytes32,address)'),
  view(collateralOf, 'collateralOf(bytes32,address)'),
  view(latestPrice, 'latestPrice(address,address)'),
]);

const NO_BYTES = new Uint8Array(0);

/** What a checked call gives back, and what it does when it is carried out. */
export interface CheckedCall {
  data: Uint8Array;
  effect: Effect;
}

const functionIn = (data: Uint8Array): Entry | undefined => {
  const selector = selectorIn(data);
  return selector === null ? undefined : FUNCTIONS.get(selector);
};

/** Gas of a call of the market, on top of the intrinsic gas. */
export const marketGas = (data: Uint8Array): bigint => functionIn(data)?.gas ?? VIEW_GAS;

/**
 * Checks a call of the market without changing anything.
 * @throws Revert
 */
export function checkMarketCall(context: MarketContext, from: Uint8Array, data: Uint8Array): CheckedCall {
  const entry = functionIn(data);
  if (!entry) throw new Revert('unknown function');
  const args = new CallArguments(data, entry.words);
  if (entry.change) return { data: NO_BYTES, effect: entry.change(context, from, args) };
  return { data: entry.view?.(context, args) ?? NO_BYTES, effect: noEffect };
}

const noEffect: Effect = () => [];
