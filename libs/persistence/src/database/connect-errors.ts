import { DatabaseError } from '../errors.js';

/** What the driver throws, as far as it matters here. */
interface DriverError {
  code?: string;
  message?: string;
  cause?: unknown;
  errors?: unknown[];
}

/** Of the system and of name resolution: nobody listens there now, or the way is cut. */
const SYSTEM_AWAY = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'],
  ...['ENOTFOUND', 'EAI_AGAIN'],
]);

/**
 * SQLSTATEs that pass by themselves (PostgreSQL documentation, appendix A): shut down, crashed, starting up or
 * recovering; no connection left.
 */
const SERVER_AWAY = new Set(['57P01', '57P02', '57P03', '53300']);

/** The driver gives these no code. */
const DRIVER_AWAY =
  /^(timeout expired|Connection terminated|Query read timeout|timeout exceeded when trying to connect)/;

/** Whether an error says that Postgres cannot be reached for now, or does not answer: it is worth waiting for. */
export function isDatabaseAway(thrown: unknown): boolean {
  const { code, message, errors, cause } = (thrown ?? {}) as DriverError;
  if (code !== undefined && (SYSTEM_AWAY.has(code) || SERVER_AWAY.has(code) || /^08/.test(code))) return true;
  if (message !== undefined && DRIVER_AWAY.test(message)) return true;
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isDatabaseAway);
  return cause !== undefined && isDatabaseAway(cause);
}

/** SQLSTATEs that no waiting mends, each with what to do. */
const REFUSALS: Record<string, string> = {
  '28P01': 'Check the user and the password in DATABASE_URL.',
  '28000': 'Check the user in DATABASE_URL, and pg_hba.conf of the server.',
  '3D000': 'Create the database, or name another one in DATABASE_URL.',
  '42501': 'Grant the role in DATABASE_URL what it needs, or run the migrations as the owner.',
  '42P01': 'Run the migrations first: LOCKSTEP_MIGRATE=1.',
  '3F000': 'Run the migrations first: LOCKSTEP_MIGRATE=1.',
};

/** The same error in one sentence where Postgres refuses us for good and we know what helps; else as it is. */
export function describeRefusal(thrown: unknown): unknown {
  const { code, message } = (thrown ?? {}) as DriverError;
  const advice = code === undefined ? undefined : REFUSALS[code];
  if (code === undefined || advice === undefined || thrown instanceof DatabaseError) return thrown;
  return new DatabaseError({ code: 'REFUSED', sqlState: code }, `Postgres refuses: ${message}.`, advice, {
    cause: thrown,
  });
}
