import { bytesToHex, equalBytes, type Hex } from '#libs/protocol';
import { RpcError } from '../json-rpc/rpc-error.js';
import { addressParam, bytesParam, objectParam, quantityParam } from './values.js';

/** What `eth_call` and `eth_estimateGas` are to run. */
export interface CallRequest {
  from?: Hex;
  /** Absent: a contract creation. */
  to?: Hex;
  /** Hex quantity. */
  value?: Hex;
  data: Hex;
}

/**
 * Reads a transaction object. What decides nothing here (gas, fees, nonce, type, access list) is not looked at.
 * @throws RpcError -32602
 */
export function callRequestParam(value: unknown, name: string): CallRequest {
  const given = objectParam(value, name);
  const isGiven = (field: string): boolean => given[field] !== undefined && given[field] !== null;
  const bytes = (field: string): Uint8Array | undefined =>
    isGiven(field) ? bytesParam(given[field], `${name}.${field}`) : undefined;
  const data = bytes('data');
  const input = bytes('input');
  if (data && input && !equalBytes(data, input)) {
    throw RpcError.invalidParams(`${name}.input`, `both ${name}.data and ${name}.input are set and not equal`);
  }
  return {
    ...(isGiven('from') ? { from: addressParam(given.from, `${name}.from`) } : {}),
    ...(isGiven('to') ? { to: addressParam(given.to, `${name}.to`) } : {}),
    ...(isGiven('value') ? { value: `0x${quantityParam(given.value, `${name}.value`).toString(16)}` } : {}),
    data: bytesToHex(input ?? data ?? new Uint8Array(0)),
  };
}

/** Refuses state and block overrides: executors run calls on their state as it is. */
export function assertNoOverrides(value: unknown, name: string): void {
  if (value === undefined || value === null) return;
  if (Object.keys(objectParam(value, name)).length === 0) return;
  throw RpcError.invalidParams(name, `${name} are not supported: calls run on the newest state as it is`);
}
