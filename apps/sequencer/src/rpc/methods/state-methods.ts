import { OPTIONS_MARKET_ADDRESS } from '#libs/options';
import { bytesToHex, hexToBytes } from '#libs/protocol';
import { toQuantity } from '../json/quantity.js';
import { assertLatestState } from '../params/block-param.js';
import { assertNoOverrides, callRequestParam } from '../params/call-request.js';
import { addressParam } from '../params/values.js';
import type { CallContext, MethodTable } from './method.js';

const MARKET = bytesToHex(OPTIONS_MARKET_ADDRESS);
/** There is no EVM code; clients that look for some find one byte (STOP) and take the market for a contract. */
const MARKET_CODE = '0x00';

/** Methods that read a rollup's state, which its executor has. */
export const stateMethods: MethodTable = {
  eth_getBalance: { paramsMax: 2, run: getBalance },
  eth_getTransactionCount: { paramsMax: 2, run: getTransactionCount },
  eth_getCode: { paramsMax: 2, run: getCode },
  eth_call: { paramsMax: 4, run: call },
  eth_estimateGas: { paramsMax: 4, run: estimateGas },
};

function getBalance({ backend, executor }: CallContext, params: readonly unknown[]): unknown {
  const address = addressParam(params[0], 'address');
  assertLatestState(params[1], 'block', backend);
  return executor.balance(address);
}

async function getTransactionCount(context: CallContext, params: readonly unknown[]): Promise<unknown> {
  const { backend, chainId, executor } = context;
  const address = addressParam(params[0], 'address');
  if (params[1] === 'pending') return toQuantity(await backend.nextNonce(chainId, hexToBytes(address)));
  assertLatestState(params[1], 'block', backend);
  return executor.transactionCount(address);
}

function getCode({ backend }: CallContext, params: readonly unknown[]): unknown {
  const address = addressParam(params[0], 'address');
  assertLatestState(params[1], 'block', backend);
  return address === MARKET ? MARKET_CODE : '0x';
}

function call({ backend, executor }: CallContext, params: readonly unknown[]): unknown {
  const request = callRequestParam(params[0], 'transaction');
  assertLatestState(params[1], 'block', backend);
  assertNoOverrides(params[2], 'stateOverrides');
  assertNoOverrides(params[3], 'blockOverrides');
  return executor.call(request);
}

function estimateGas({ backend, executor }: CallContext, params: readonly unknown[]): unknown {
  const request = callRequestParam(params[0], 'transaction');
  assertLatestState(params[1], 'block', backend);
  assertNoOverrides(params[2], 'stateOverrides');
  assertNoOverrides(params[3], 'blockOverrides');
  return executor.estimateGas(request);
}
