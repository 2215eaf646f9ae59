import { LockstepError } from '#libs/protocol';

/** What can be wrong with the database itself. */
export type DatabaseErrorType =
  | { code: 'SYNCHRONOUS_COMMIT_OFF'; setting: string }
  | { code: 'NOT_WRITABLE'; reason: string }
  | { code: 'MIGRATION_BUSY'; waitMs: number }
  | { code: 'GENESIS_MISSING' }
  | { code: 'SCHEMA_MISSING' }
  | { code: 'API_KEY_UNKNOWN'; id: string }
  | { code: 'API_KEY_NOT_ROTATABLE'; id: string }
  /** A wrong password, no such database, tables or rights that are missing. */
  | { code: 'REFUSED'; sqlState: string }
  /** Not the database that was led last. Both as system identifier and timeline. */
  | { code: 'RESTORED'; former: string; identity: string }
  | { code: 'STILL_LED'; holder: string };

/** The database cannot be used as it is. */
export class DatabaseError extends LockstepError<DatabaseErrorType> {}

/** How an append can fail. */
export type LogWriteErrorType =
  /** The block is surely not in the log because of this call. */
  | { code: 'WRITE_FAILED'; number: number; sqlState?: string }
  /** The connection was lost while the outcome was open: ask `LogWriter.outcomeOf`. */
  | { code: 'OUTCOME_UNKNOWN'; number: number; sqlState?: string }
  /** Memory disagrees with the log: stop leading and load it again. Nothing was written. */
  | { code: 'UNIQUE_VIOLATION'; number: number; constraint: string; detail?: string };

/** An append that did not end with a result. */
export class LogWriteError extends LockstepError<LogWriteErrorType> {}
