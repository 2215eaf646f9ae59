import { DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';
import { MIGRATIONS } from '#migrations';
import { DatabaseError } from '../errors.js';
import { GuardedClient } from './guarded-client.js';

/** Names the advisory lock: any number will do, as long as it never changes. */
const LOCK_KEY = '-5241067410265906318';
const LOCK_TIMEOUT = '55P03';

export interface MigrateOptions {
  /** How long to wait for another process that is migrating, in ms; one minute by default. */
  waitMs?: number;
}

/**
 * Brings the schema `lockstep` up to date, as the owner of the database.
 *
 * Any number of processes may call it at once: one works, the others wait and find nothing to do. All pending
 * migrations run in one transaction on the connection that holds the lock, so a process that is killed meanwhile
 * leaves nothing behind and the next start does it again.
 *
 * @returns the names of the migrations that this call ran
 * @throws DatabaseError `MIGRATION_BUSY` when the lock was not free in time; the driver's errors
 */
export async function migrate(url: string, { waitMs = 60_000 }: MigrateOptions = {}): Promise<string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    schema: 'lockstep',
    migrations: MIGRATIONS,
    poolSize: 1,
    applicationName: 'lockstep migrate',
    installExtensions: false,
    poolErrorHandler: () => {},
    extra: { Client: GuardedClient, connectionTimeoutMillis: 10_000 },
  });
  await dataSource.initialize();
  const queryRunner = dataSource.createQueryRunner();
  try {
    await lock(queryRunner, waitMs);
    await queryRunner.query('CREATE SCHEMA IF NOT EXISTS lockstep');
    const executor = new MigrationExecutor(dataSource, queryRunner);
    executor.transaction = 'all';
    const ran = await executor.executePendingMigrations();
    return ran.map((migration) => migration.name);
  } finally {
    await queryRunner.release();
    await dataSource.destroy(); // ends the session and with it the lock
  }
}

async function lock(queryRunner: QueryRunner, waitMs: number): Promise<void> {
  try {
    await queryRunner.query(`SET lock_timeout = ${Math.trunc(waitMs)}`);
    await queryRunner.query(`SELECT pg_advisory_lock(${LOCK_KEY})`);
  } catch (error) {
    if ((error as { code?: string }).code !== LOCK_TIMEOUT) throw error;
    throw new DatabaseError(
      { code: 'MIGRATION_BUSY', waitMs },
      `Another process has been migrating the database for more than ${waitMs} ms.`,
      'Look for a session named "lockstep migrate" in pg_stat_activity; start again when it has ended.',
      { cause: error },
    );
  }
}
