import { availableParallelism, cpus, loadavg } from 'node:os';
import type pg from 'pg';

/** Where figures come from: without this they say nothing. */
export interface Machine {
  cores: number;
  cpu: string;
  node: string;
  postgres: string;
  fsync: string;
  synchronousCommit: string;
  /** Over the minute before the start and before the end; what else runs takes from the figures. */
  loadAverage: { before: number; after: number };
}

/** @param loadBefore load average when the benchmark began */
export async function describeMachine(database: pg.Client, loadBefore: number): Promise<Machine> {
  const { rows } = await database.query<{ version: string; fsync: string; synchronous: string }>(
    `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
            current_setting('synchronous_commit') AS synchronous`,
  );
  const { version, fsync, synchronous } = rows[0]!;
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.versions.node,
    postgres: version,
    fsync,
    synchronousCommit: synchronous,
    loadAverage: { before: loadBefore, after: currentLoad() },
  };
}

/** Processes that wanted to run over the last minute. */
export const currentLoad = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;
