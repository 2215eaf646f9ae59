import { createDataSource, describeRefusal, Leadership, LogReader, migrate } from '#libs/persistence';
import type { Genesis } from '#libs/protocol';
import { failpoint, type Logger } from '#libs/runtime';
import type { DataSource } from 'typeorm';
import type { SequencerSettings } from '../config.js';
import { findGenesis } from './find-genesis.js';

/** The log in Postgres, with connections to read it and to hold a lease on it. */
export interface OpenLog {
  genesis: Genesis;
  dataSource: DataSource;
  reader: LogReader;
  leadership: Leadership;
  close(): Promise<void>;
}

type OpenSettings = Pick<SequencerSettings, 'DATABASE_URL' | 'LOCKSTEP_MIGRATE' | 'LOCKSTEP_TOPOLOGY'>;

/**
 * Connects to Postgres, brings its tables up to date, and finds or writes genesis. Leaves nothing open when it fails,
 * and may be called again.
 *
 * @throws DatabaseError, TopologyMismatchError; the driver's error, see `isDatabaseAway`
 */
export async function openLog(settings: OpenSettings, logger: Logger): Promise<OpenLog> {
  const { DATABASE_URL: url, LOCKSTEP_MIGRATE, LOCKSTEP_TOPOLOGY } = settings;
  const opened: DataSource[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled(opened.map((dataSource) => dataSource.destroy()));
  };
  const onError = (err: Error): void => logger.warn({ err }, 'a database connection failed');
  const open = async (applicationName: string, poolSize?: number): Promise<DataSource> => {
    const dataSource = await createDataSource(url, {
      applicationName,
      onError,
      ...(poolSize === undefined ? {} : { poolSize }),
    });
    opened.push(dataSource);
    return dataSource;
  };
  try {
    if (LOCKSTEP_MIGRATE) await migrate(url);
    await failpoint('tables-migrated');
    const dataSource = await open('lockstep sequencer');
    const leadership = new Leadership(await open('lockstep leadership', 2));
    const reader = new LogReader(dataSource);
    const genesis = await findGenesis(reader, LOCKSTEP_TOPOLOGY);
    await failpoint('genesis-found');
    return { genesis, dataSource, reader, leadership, close };
  } catch (thrown) {
    await close();
    throw describeRefusal(thrown);
  }
}
