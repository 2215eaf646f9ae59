import { encodeEntry, EntryKind, hexToBytes } from '#libs/protocol';
import { encodeFunctionData, serializeTransaction, toHex } from 'viem';
import { OPTIONS_MARKET_ABI, OPTIONS_MARKET_ADDRESS } from '../index.js';
import { type Draft, hexOf } from './network.js';

const ONE = toHex(1n, { size: 32 });

export interface TransactionFields {
  chainId: number;
  from: Uint8Array;
  nonce: number;
  to?: Uint8Array | null;
  value?: bigint;
  data?: `0x${string}`;
  gas?: bigint;
  tip?: bigint;
}

/** A transaction in its lane. Its signature is well-formed but nobody's: ledgers trust the entry's sender. */
export function transaction({ chainId, from, nonce, ...fields }: TransactionFields): Draft {
  const { to = OPTIONS_MARKET_ADDRESS, value = 0n, data = '0x', gas = 200_000n, tip = 0n } = fields;
  const raw = serializeTransaction(
    {
      type: 'eip1559',
      chainId,
      nonce,
      to: to && hexOf(to),
      value,
      data,
      gas,
      maxFeePerGas: tip,
      maxPriorityFeePerGas: tip,
    },
    { r: ONE, s: ONE, yParity: 0 },
  );
  return { chainId, sender: from, bytes: encodeEntry(EntryKind.TRANSACTION, hexToBytes(raw)) };
}

/** Calldata of a function of the market. */
export function calldata(functionName: MarketFunctionName, ...values: (Uint8Array | bigint)[]): `0x${string}` {
  const args = values.map((value) => (typeof value === 'bigint' ? value : hexOf(value)));
  // The names are checked here, the arguments by viem when it encodes them.
  const encode = encodeFunctionData as (call: object) => `0x${string}`;
  return encode({ abi: OPTIONS_MARKET_ABI, functionName, args });
}

type MarketFunctionName = Extract<(typeof OPTIONS_MARKET_ABI)[number], { type: 'function' }>['name'];
