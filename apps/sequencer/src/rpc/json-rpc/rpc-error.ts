import { LockstepError } from '#libs/protocol';

/** Error numbers of JSON-RPC 2.0, and those above them as geth and EIP-1474 use them. */
export const RpcCode = {
  PARSE_ERROR: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL: -32603,
  LIMIT_EXCEEDED: -32005,
  RESPONSE_TOO_LARGE: -32003,
  SERVER_ERROR: -32000,
  /** EIP-7966: admitted, but not executed in time. */
  SYNC_TIMEOUT: 4,
} as const;

export interface RpcErrorType {
  /** Stable name, `data.code` in the answer. */
  code: string;
  /** JSON-RPC's number. */
  rpcCode: number;
  /** The parameter or field that is wrong. */
  field?: string;
  /** The hash or id concerned. */
  id?: string;
  /** What `data` is instead, where an EIP says so: a transaction hash, an ABI-encoded revert. */
  data?: string;
}

/** Why a call was not answered, in JSON-RPC's terms. */
export class RpcError extends LockstepError<RpcErrorType> {
  static invalidRequest(message: string): RpcError {
    return new RpcError({ code: 'INVALID_REQUEST', rpcCode: RpcCode.INVALID_REQUEST }, `invalid request: ${message}`);
  }

  static methodNotFound(method: string): RpcError {
    return new RpcError(
      { code: 'METHOD_NOT_FOUND', rpcCode: RpcCode.METHOD_NOT_FOUND },
      `the method ${show(method)} does not exist/is not available`,
    );
  }

  /** @param field the parameter, or the field of it, that is wrong; `message` names it as well */
  static invalidParams(field: string, message: string): RpcError {
    return new RpcError(
      { code: 'INVALID_PARAMS', rpcCode: RpcCode.INVALID_PARAMS, field },
      `invalid params: ${message}`,
    );
  }

  static unknownRollup(chainId: string): RpcError {
    return new RpcError(
      { code: 'UNKNOWN_ROLLUP', rpcCode: RpcCode.INVALID_PARAMS, field: 'chainId' },
      `no rollup has chain id ${show(chainId)}; POST to /<chainId> of one that the registry lists`,
    );
  }

  static busy(what: string): RpcError {
    return new RpcError(
      { code: 'BUSY', rpcCode: RpcCode.LIMIT_EXCEEDED },
      `limit exceeded: ${what}, try again shortly`,
    );
  }
}

/** What stands in an answer's `error`. */
export interface ErrorObject {
  code: number;
  message: string;
  data?: unknown;
}

const MESSAGE_LENGTH_MAX = 500;

/**
 * The `error` of an answer for whatever was thrown: a SubmissionError, an {@link RpcError} or an executor's error by
 * their `type`; anything else becomes an internal error that says nothing of the inside and is given to `report`.
 */
export function toErrorObject(thrown: unknown, report: (thrown: unknown) => void): ErrorObject {
  if (!(thrown instanceof LockstepError) || thrown.code === 'INVARIANT_BROKEN') {
    report(thrown);
    return {
      code: RpcCode.INTERNAL,
      message: 'internal error: the sequencer failed while handling this; it is in its log',
      data: { code: 'INTERNAL' },
    };
  }
  const { code, rpcCode, field, id, data } = thrown.type as Partial<RpcErrorType> & { code: string };
  return {
    code: rpcCode ?? RpcCode.SERVER_ERROR,
    message: shorten(thrown.message, MESSAGE_LENGTH_MAX),
    data: data ?? { code, ...(field === undefined ? {} : { field }), ...(id === undefined ? {} : { id }) },
  };
}

/** A client's value for an error message: short, on one line, whatever it is. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value, 80));
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

const shorten = (text: string, lengthMax: number): string =>
  text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
