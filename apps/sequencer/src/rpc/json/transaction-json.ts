import { parseTransaction } from 'viem';
import { bytesToHex, decodeTransactionBody, type TransactionBody } from '#libs/protocol';
import type { LoggedTransaction } from '../rpc-backend.js';
import { bytesToQuantity, toQuantity } from './quantity.js';

/** A logged transaction as `eth_getTransactionByHash` answers it. */
export function transactionJson(logged: LoggedTransaction): Record<string, unknown> {
  const body = decodeTransactionBody(logged.raw);
  return {
    blockHash: bytesToHex(logged.blockHash),
    blockNumber: toQuantity(logged.blockNumber),
    transactionIndex: toQuantity(logged.index),
    hash: bytesToHex(logged.hash),
    type: toQuantity(body.type),
    chainId: toQuantity(body.chainId),
    nonce: toQuantity(body.nonce),
    from: bytesToHex(logged.sender),
    to: body.to === null ? null : bytesToHex(body.to),
    value: toQuantity(body.value),
    input: bytesToHex(body.data),
    gas: toQuantity(body.gasLimit),
    ...feeFields(body),
    ...(body.type === 0 ? {} : { accessList: accessList(logged.raw, body) }),
    ...signatureFields(body),
  };
}

/** The base fee is 0, so the price paid is the priority fee. */
function feeFields({ type, maxFeePerGas, maxPriorityFeePerGas }: TransactionBody): Record<string, string> {
  if (type !== 2) return { gasPrice: toQuantity(maxFeePerGas) };
  return {
    gasPrice: toQuantity(maxPriorityFeePerGas),
    maxFeePerGas: toQuantity(maxFeePerGas),
    maxPriorityFeePerGas: toQuantity(maxPriorityFeePerGas),
  };
}

function signatureFields({ type, chainId, recoveryId, signature }: TransactionBody): Record<string, string> {
  const r = bytesToQuantity(signature, 0, 32);
  const s = bytesToQuantity(signature, 32, 64);
  if (type === 0) return { v: toQuantity(35n + 2n * BigInt(chainId) + BigInt(recoveryId)), r, s };
  return { v: toQuantity(recoveryId), yParity: toQuantity(recoveryId), r, s };
}

/** Our decoder only counts access lists; hardly any transaction has one, so viem may take its time. */
function accessList(raw: Uint8Array, body: TransactionBody): unknown {
  if (body.accessListAddresses === 0) return [];
  return parseTransaction(bytesToHex(raw)).accessList ?? [];
}
