import type pg from 'pg';

/** How long Postgres and the network may take. All in ms. */
export interface DatabaseTimeouts {
  /** To open a connection, or to wait for a free one of the pool. */
  connectMs: number;
  /** For one statement, enforced by Postgres. */
  statementMs: number;
  /** For an answer, enforced here: what helps when Postgres is frozen or packets are dropped. More than `statementMs`. */
  answerMs: number;
  /** To wait for a lock, enforced by Postgres. */
  lockMs: number;
  /** For a transaction to sit between two statements, enforced by Postgres: a paused process loses its locks. */
  idleInTransactionMs: number;
}

export const DATABASE_TIMEOUTS: DatabaseTimeouts = {
  connectMs: 3_000,
  statementMs: 4_000,
  answerMs: 5_000,
  lockMs: 2_000,
  idleInTransactionMs: 1_500,
};

/** Client settings that enforce `timeouts`; throws RangeError if they contradict one another. */
export function clientConfig(timeouts: DatabaseTimeouts): pg.ClientConfig {
  for (const [name, ms] of Object.entries(timeouts) as [string, number][]) {
    if (!Number.isSafeInteger(ms) || ms <= 0)
      throw new RangeError(`${name} must be a positive number of ms, got ${ms}`);
  }
  if (timeouts.answerMs <= timeouts.statementMs) {
    throw new RangeError(`answerMs (${timeouts.answerMs}) must be more than statementMs (${timeouts.statementMs})`);
  }
  return {
    connectionTimeoutMillis: timeouts.connectMs,
    statement_timeout: timeouts.statementMs,
    query_timeout: timeouts.answerMs,
    lock_timeout: timeouts.lockMs,
    idle_in_transaction_session_timeout: timeouts.idleInTransactionMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
  };
}
