import { RpcError, show } from './rpc-error.js';

/** What a client names a call by; the answer carries the same. */
export type CallId = string | number | null;

/** One call of a body. */
export interface Call {
  /** Undefined for a notification: it is carried out and gets no answer. */
  id: CallId | undefined;
  method: string;
  params: readonly unknown[];
}

/** What one element of a body is: a call, or why it is none. */
export type ReadCall = { call: Call } | { id: CallId | undefined; error: RpcError };

const NO_PARAMS: readonly unknown[] = [];

/** Reads one element of a body as a JSON-RPC 2.0 call with parameters by position. */
export function readCall(value: unknown): ReadCall {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { id: null, error: RpcError.invalidRequest(`a call is an object, got ${show(value)}`) };
  }
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') {
    return { id: null, error: RpcError.invalidRequest(`id must be a string, a number or null, got ${show(id)}`) };
  }
  if (jsonrpc !== '2.0') {
    return { id: id ?? null, error: RpcError.invalidRequest(`jsonrpc must be "2.0", got ${show(jsonrpc)}`) };
  }
  if (typeof method !== 'string' || method === '') {
    return { id: id ?? null, error: RpcError.invalidRequest(`method must be a name, got ${show(method)}`) };
  }
  if (params !== undefined && params !== null && !Array.isArray(params)) {
    return { id, error: RpcError.invalidParams('params', `params must be an array, got ${show(params)}`) };
  }
  return { call: { id, method, params: params ?? NO_PARAMS } };
}

/** The text of an answer that carries a result. @param result JSON */
export const resultText = (id: CallId, result: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;

/** The text of an answer that carries an error. */
export const errorText = (id: CallId, error: object): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify(error)}}`;
