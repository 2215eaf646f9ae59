import { LogWriteError } from '../errors.js';

/** What a server error brings along (PostgreSQL documentation, 54.8 Error and Notice Message Fields). */
interface ServerError {
  severity?: string;
  code?: string;
  constraint?: string;
  detail?: string;
}

const UNIQUE_VIOLATION = '23505';

/**
 * What a failed append means. Only a plain `ERROR` of the server proves that the statement was undone: after a FATAL
 * or a broken connection the commit may have happened before the answer was lost.
 */
export function appendError(number: number, error: unknown): LogWriteError {
  const { severity, code: sqlState, constraint, detail } = error as ServerError;
  const undone =
    severity === 'ERROR' && sqlState !== undefined && !sqlState.startsWith('08') && !sqlState.startsWith('57P');
  if (!undone) return outcomeUnknown(number, error);
  if (sqlState === UNIQUE_VIOLATION) {
    return new LogWriteError(
      { code: 'UNIQUE_VIOLATION', number, constraint: constraint ?? '', ...(detail !== undefined && { detail }) },
      `Block ${number} was refused: the log already has what must be unique (${constraint}${detail ? `: ${detail}` : ''}).`,
      'Stop leading and load the state from the log again.',
      { cause: error },
    );
  }
  return writeFailed(number, error);
}

/** The block is surely not written by the failed call. */
export function writeFailed(number: number, cause: unknown): LogWriteError {
  const sqlState = (cause as ServerError).code;
  return new LogWriteError(
    { code: 'WRITE_FAILED', number, ...(sqlState !== undefined && { sqlState }) },
    `Block ${number} could not be written: ${messageOf(cause)}.`,
    'Nothing was appended; append it again, or stop leading if this goes on.',
    { cause },
  );
}

/** The block may be in the log or may not. */
export function outcomeUnknown(number: number, cause: unknown): LogWriteError {
  const sqlState = (cause as ServerError).code;
  return new LogWriteError(
    { code: 'OUTCOME_UNKNOWN', number, ...(sqlState !== undefined && { sqlState }) },
    `Whether block ${number} was written is not known: ${messageOf(cause)}.`,
    'Ask outcomeOf, or append the same block again, before anything is answered.',
    { cause },
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
