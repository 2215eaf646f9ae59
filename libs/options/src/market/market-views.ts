import { backingKey, balanceKey, positionKey } from '../state/ledger-state.js';
import type { Holding } from '../state/holding-table.js';
import { type MarketContext, requireAsset, requireSeries } from './market-context.js';
import { type CallArguments, encodeWords, Revert } from './words.js';

/** A function that only reads; gives back ABI-encoded words. @throws Revert */
export type MarketView = (context: MarketContext, args: CallArguments) => Uint8Array;

/** balanceOf(address asset, address owner) → uint256 available */
export const balanceOf: MarketView = (context, args) => encodeWords(readBalance(context, args)?.available ?? 0n);

/** heldOf(address asset, address owner) → uint256 held by undecided operations */
export const heldOf: MarketView = (context, args) => encodeWords(readBalance(context, args)?.held ?? 0n);

/** positionOf(address holder, bytes32 series, address backer) → (quantity, held) */
export const positionOf: MarketView = (context, args) => {
  const series = args.bytes32(1);
  requireSeries(context, series);
  return encodePair(context.state.positions.get(positionKey(args.address(0), series, args.address(2))));
};

/** exposureOf(bytes32 series, address backer) → (quantity, held) */
export const exposureOf: MarketView = (context, args) =>
  encodePair(context.state.exposures.get(readBacking(context, args)));

/** collateralOf(bytes32 series, address backer) → (amount, held) */
export const collateralOf: MarketView = (context, args) =>
  encodePair(context.state.collateral.get(readBacking(context, args)));

/** latestPrice(address underlying, address quote) → (round, price, timestampMs); zeros before the first round */
export const latestPrice: MarketView = ({ index, prices }, args) => {
  const underlying = args.address(0);
  const quote = args.address(1);
  if (!index.market(underlying, quote)) throw new Revert('unknown market');
  const point = prices.latest(underlying, quote);
  return encodeWords(point?.round ?? 0n, point?.price ?? 0n, BigInt(point?.timestampMs ?? 0));
};

function readBalance(context: MarketContext, args: CallArguments): Holding | undefined {
  const asset = args.address(0);
  requireAsset(context, asset);
  return context.state.balances.get(balanceKey(args.address(1), asset));
}

function readBacking(context: MarketContext, args: CallArguments): string {
  const series = args.bytes32(0);
  requireSeries(context, series);
  return backingKey(series, args.address(1));
}

const encodePair = (holding: Holding | undefined): Uint8Array =>
  encodeWords(holding?.available ?? 0n, holding?.held ?? 0n);
