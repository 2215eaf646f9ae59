/** JSON-RPC 2.0 error codes, and those of EIP-1474 and geth that reads use. */
export const ReadErrorCode = {
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** A height that was not reached in time, or is past. */
  heightNotAvailable: -32001,
  limitExceeded: -32005,
  /** geth's code for a call that reverts. */
  executionReverted: 3,
} as const;

/** Why a read cannot be answered, as JSON-RPC says it. */
export class ReadError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }

  static params(message: string): ReadError {
    return new ReadError(ReadErrorCode.invalidParams, message);
  }
}
