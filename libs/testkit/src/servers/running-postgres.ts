import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { urlOf } from './postgres.js';
import { postgresAccount } from './postgres-account.js';
import { clusterDirectory, reachableDataDirectory } from './postgres-directory.js';

/** URL of the embedded Postgres that runs on a network's data directory; null where none does. */
export function runningPostgresUrl(networkDir: string): string | null {
  const wanted = join(networkDir, 'postgres');
  if (!existsSync(wanted)) return null;
  const directory = reachableDataDirectory(wanted, postgresAccount(), () => {});
  try {
    // Its fourth line is the port (Postgres documentation, "Database File Layout").
    const port = Number(readFileSync(join(clusterDirectory(directory), 'postmaster.pid'), 'utf8').split('\n')[3]);
    return Number.isInteger(port) && port > 0 ? urlOf(port) : null;
  } catch {
    return null; // no server runs there
  }
}
