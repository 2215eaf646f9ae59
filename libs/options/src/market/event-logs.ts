import type { EventLog } from '../ledger/block-result.js';
import { OPTIONS_MARKET_ADDRESS } from './abi.js';
import { addressWord, eventTopic, uintWord } from './words.js';
import { concatBytes } from '#libs/protocol';

const TRANSFER = eventTopic('Transfer(address,address,address,uint256)');
const OPTION_TRANSFER = eventTopic('OptionTransfer(bytes32,address,address,address,uint256)');
const POOL_DEPOSIT = eventTopic('PoolDeposit(address,address,address,uint256)');
const POOL_WITHDRAW = eventTopic('PoolWithdraw(address,address,address,uint256)');

const log = (topics: Uint8Array[], data: Uint8Array): EventLog => ({ address: OPTIONS_MARKET_ADDRESS, topics, data });

export const transferLog = (asset: Uint8Array, from: Uint8Array, to: Uint8Array, amount: bigint): EventLog =>
  log([TRANSFER, addressWord(asset), addressWord(from), addressWord(to)], uintWord(amount));

export const optionTransferLog = (
  series: Uint8Array,
  from: Uint8Array,
  to: Uint8Array,
  backer: Uint8Array,
  quantity: bigint,
): EventLog =>
  log(
    [OPTION_TRANSFER, new Uint8Array(series), addressWord(from), addressWord(to)],
    concatBytes(addressWord(backer), uintWord(quantity)),
  );

export const poolDepositLog = (pool: Uint8Array, asset: Uint8Array, account: Uint8Array, amount: bigint): EventLog =>
  log([POOL_DEPOSIT, addressWord(pool), addressWord(asset), addressWord(account)], uintWord(amount));

export const poolWithdrawLog = (pool: Uint8Array, asset: Uint8Array, account: Uint8Array, amount: bigint): EventLog =>
  log([POOL_WITHDRAW, addressWord(pool), addressWord(asset), addressWord(account)], uintWord(amount));
