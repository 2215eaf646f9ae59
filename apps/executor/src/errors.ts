import { LockstepError } from '#libs/protocol';

export type ExecutorErrorType =
  /** Another process uses the store. */
  | { code: 'STORE_IN_USE'; directory: string }
  | { code: 'STORE_NOT_USABLE'; directory: string }
  /** The store was made for another rollup or log. */
  | { code: 'STORE_FOREIGN'; directory: string }
  | { code: 'ROLLUP_UNKNOWN'; chainId: number }
  /** The registry gives this role on this rollup to another key; told, not thrown: it may come or come back. */
  | { code: 'KEY_NOT_REGISTERED'; role: string; key: string }
  /** Recovery of a transaction's sender gives another account than its entry says. */
  | { code: 'WRONG_SENDER'; number: number; sequence: string; said: string; recovered: string | null }
  | { code: 'REWIND_REFUSED'; reason: string }
  /** After a rewind the log has another block where both were to agree. */
  | { code: 'REWIND_MISMATCH'; number: number; expected: string; got: string };

/** What keeps an executor from its work. */
export class ExecutorError extends LockstepError<ExecutorErrorType> {}
