import { DataSource, type DataSourceOptions } from 'typeorm';
import { ENTITIES } from '../entities/index.js';
import { GuardedClient } from './guarded-client.js';
import { clientConfig, DATABASE_TIMEOUTS, type DatabaseTimeouts } from './options.js';
import { checkSettings, type DatabaseSettings, SETTINGS_SQL } from './settings.js';

export interface DatabaseOptions {
  /** Those that differ from {@link DATABASE_TIMEOUTS}. */
  timeouts?: Partial<DatabaseTimeouts>;
  /** Connections at most; 10 by default. */
  poolSize?: number;
  /** Shown in pg_stat_activity; `lockstep` by default. */
  applicationName?: string;
  /** Gets errors of idle connections; the pool replaces these by itself. */
  onError?: (error: Error) => void;
  /** Gets what decides on durability once connected: say it loudly where `fsync` is false. */
  onSettings?: (settings: DatabaseSettings) => void;
}

/** TypeORM's options for our tables: every timeout set, errors of idle connections handled. */
export function dataSourceOptions(url: string, options: DatabaseOptions = {}): DataSourceOptions {
  const { poolSize = 10, applicationName = 'lockstep', onError } = options;
  return {
    type: 'postgres',
    url,
    schema: 'lockstep',
    entities: ENTITIES,
    poolSize,
    applicationName,
    installExtensions: false,
    poolErrorHandler: onError ?? (() => {}),
    extra: { ...clientConfig({ ...DATABASE_TIMEOUTS, ...options.timeouts }), Client: GuardedClient },
  };
}

/**
 * Connects a pool and makes sure that Postgres is fit to keep the log. The tables are made by `migrate`.
 *
 * @throws DatabaseError `SYNCHRONOUS_COMMIT_OFF`, `NOT_WRITABLE`; RangeError for timeouts that contradict one another;
 *   the driver's error where no connection can be made
 */
export async function createDataSource(url: string, options: DatabaseOptions = {}): Promise<DataSource> {
  const dataSource = new DataSource(dataSourceOptions(url, options));
  await dataSource.initialize();
  try {
    const settings = await readDatabaseSettings(dataSource);
    options.onSettings?.(settings);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

/** What decides on durability; throws as {@link createDataSource}. For readiness checks. */
export async function readDatabaseSettings(dataSource: DataSource): Promise<DatabaseSettings> {
  const [row] = await dataSource.query<unknown[]>(SETTINGS_SQL);
  return checkSettings(row);
}
