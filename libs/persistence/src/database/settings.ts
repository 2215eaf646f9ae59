import { DatabaseError } from '../errors.js';

/** What decides whether a commit is durable. */
export interface DatabaseSettings {
  synchronousCommit: string;
  /** Off: a power cut or a crash of the machine can lose or damage the log. For tests only. */
  fsync: boolean;
  fullPageWrites: boolean;
  /** As in `180001`. */
  serverVersion: number;
}

interface SettingsRow {
  synchronous_commit: string;
  fsync: string;
  full_page_writes: string;
  server_version_num: string;
  read_only: string;
  in_recovery: boolean;
}

export const SETTINGS_SQL = `
  SELECT current_setting('synchronous_commit') AS synchronous_commit, current_setting('fsync') AS fsync,
         current_setting('full_page_writes') AS full_page_writes, current_setting('server_version_num') AS server_version_num,
         current_setting('default_transaction_read_only') AS read_only, pg_is_in_recovery() AS in_recovery`;

/**
 * Reads {@link SETTINGS_SQL}'s row and refuses a server on which an acknowledged commit could be lost, or that
 * takes no writes.
 *
 * @throws DatabaseError `SYNCHRONOUS_COMMIT_OFF`, `NOT_WRITABLE`
 */
export function checkSettings(row: unknown): DatabaseSettings {
  const settings = row as SettingsRow;
  const { synchronous_commit: setting } = settings;
  if (setting !== 'on' && setting !== 'remote_apply') {
    throw new DatabaseError(
      { code: 'SYNCHRONOUS_COMMIT_OFF', setting },
      `Postgres has synchronous_commit = ${setting}: a commit could be acknowledged and then lost.`,
      'Set synchronous_commit = on for the server, the database and the role that Lockstep uses.',
    );
  }
  if (settings.in_recovery || settings.read_only === 'on') {
    const reason = settings.in_recovery ? 'is a standby' : 'has default_transaction_read_only = on';
    throw new DatabaseError(
      { code: 'NOT_WRITABLE', reason },
      `The Postgres server ${reason}, so nothing can be written to it.`,
      'Point DATABASE_URL at the primary.',
    );
  }
  return {
    synchronousCommit: setting,
    fsync: settings.fsync === 'on',
    fullPageWrites: settings.full_page_writes === 'on',
    serverVersion: Number(settings.server_version_num),
  };
}
