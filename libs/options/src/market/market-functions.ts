import { equalBytes } from '#libs/protocol';
import type { EventLog } from '../ledger/block-result.js';
import { positionKey } from '../state/ledger-state.js';
import { optionTransferLog, poolDepositLog, poolWithdrawLog, transferLog } from './event-logs.js';
import {
  type MarketContext,
  requireAsset,
  requireBalance,
  requirePool,
  requireRecipient,
  requireSeries,
} from './market-context.js';
import { type CallArguments, Revert } from './words.js';

/** What a checked call does when it is carried out; it cannot fail. Returns the logs it writes. */
export type Effect = () => EventLog[];

/**
 * A function that changes state: it checks everything first and gives back the change, so that a failing call changes
 * nothing and a dry run is a call without the change.
 * @throws Revert
 */
export type MarketFunction = (context: MarketContext, from: Uint8Array, args: CallArguments) => Effect;

/** transfer(address asset, address to, uint256 amount): moves what the sender has available. */
export const transfer: MarketFunction = (context, from, args) => {
  const asset = args.address(0);
  const to = args.address(1);
  const amount = args.uint256(2);
  requireAsset(context, asset);
  requireRecipient(to);
  requireBalance(context, from, asset, amount);
  return () => {
    context.state.moveBalance(from, to, asset, amount);
    return [transferLog(asset, from, to, amount)];
  };
};

/** transferOption(bytes32 series, address backer, address to, uint256 quantity): hands a long position on. */
export const transferOption: MarketFunction = (context, from, args) => {
  const series = args.bytes32(0);
  const backer = args.address(1);
  const to = args.address(2);
  const quantity = args.uint256(3);
  const { positions } = context.state;
  requireSeries(context, series);
  requireRecipient(to);
  const fromKey = positionKey(from, series, backer);
  const available = positions.available(fromKey);
  if (available < quantity) throw new Revert(`insufficient position: have ${available}, need ${quantity}`);
  return () => {
    if (quantity > 0n && !equalBytes(from, to)) {
      positions.debit(fromKey, quantity);
      context.state.creditPosition(to, series, backer, quantity);
    }
    return [optionTransferLog(series, from, to, backer, quantity)];
  };
};

/** poolDeposit(address pool, address asset, uint256 amount): gives to a pool; who gave keeps no claim. */
export const poolDeposit: MarketFunction = (context, from, args) => {
  const pool = args.address(0);
  const asset = args.address(1);
  const amount = args.uint256(2);
  requirePool(context, pool);
  requireAsset(context, asset);
  requireBalance(context, from, asset, amount);
  return () => {
    context.state.moveBalance(from, pool, asset, amount);
    return [transferLog(asset, from, pool, amount), poolDepositLog(pool, asset, from, amount)];
  };
};

/** poolWithdraw(address pool, address asset, uint256 amount): the pool's operator takes out what is available. */
export const poolWithdraw: MarketFunction = (context, from, args) => {
  const pool = args.address(0);
  const asset = args.address(1);
  const amount = args.uint256(2);
  const { operator } = requirePool(context, pool);
  if (!equalBytes(operator, from)) throw new Revert("only the pool's operator withdraws");
  requireAsset(context, asset);
  requireBalance(context, pool, asset, amount);
  return () => {
    context.state.moveBalance(pool, from, asset, amount);
    return [transferLog(asset, pool, from, amount), poolWithdrawLog(pool, asset, from, amount)];
  };
};
