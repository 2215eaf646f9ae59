import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ServerError } from './errors.js';
import { canExecute, type PostgresAccount } from './postgres-account.js';
import { type PostgresBinaries } from './postgres-binaries.js';
import { sharedTmpDirectory } from './shared-tmp.js';
import { guardChild, StopPhase } from './watchdog-client.js';

// What lies in a data directory: `lock`, `pgdata`, and `initdb-<random>` while a cluster is being made.
const CLUSTER = 'pgdata';
const DRAFT_PREFIX = 'initdb-';
const INITDB_TIMEOUT_MS = 120_000;

/** For the embedded server, which listens on 127.0.0.1 alone and holds development data. */
export const POSTGRES_USER = 'lockstep';
export const POSTGRES_PASSWORD = 'lockstep';

/** The directory of the cluster itself in a data directory of ours. */
export function clusterDirectory(dataDir: string): string {
  return join(dataDir, CLUSTER);
}

/**
 * Gives the data directory that is really used: the wanted one, made where it is missing, or, if the account cannot
 * pass through to it, one under the system's temporary directory whose name follows from the wanted path.
 *
 * @throws ServerError `data_directory_not_usable`
 */
export function reachableDataDirectory(wanted: string, account: PostgresAccount, log: (line: string) => void): string {
  const path = resolve(wanted);
  mkdirSync(path, { recursive: true });
  if (account.uid === undefined) return path;
  chmodSync(path, 0o755); // it holds nothing secret: the cluster in it is closed to others
  if (canExecute(path, account)) return path;
  const name = `lockstep-postgres-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
  const fallback = sharedTmpDirectory(name, account);
  log(`the user postgres cannot reach ${path}: the database is kept in ${fallback}`);
  return fallback;
}

/**
 * Makes the cluster where there is none yet. It is made under another name and moved into place when whole, so one
 * that was interrupted is simply made again. The caller holds the data directory's lock.
 *
 * @throws ServerError `postgres_init_failed`; `data_directory_not_usable` where something else lies in its place or it
 *   was made by another major version
 */
export async function ensureCluster(
  dataDir: string,
  account: PostgresAccount,
  binaries: PostgresBinaries,
): Promise<void> {
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith(DRAFT_PREFIX)) rmSync(join(dataDir, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const cluster = clusterDirectory(dataDir);
  if (existsSync(cluster)) return assertUsable(cluster, binaries);
  const draft = join(dataDir, `${DRAFT_PREFIX}${randomBytes(4).toString('hex')}`);
  mkdirSync(draft, { mode: 0o700 });
  const passwordFile = join(dataDir, `${DRAFT_PREFIX}password`);
  writeFileSync(passwordFile, `${POSTGRES_PASSWORD}\n`);
  if (account.uid !== undefined && account.gid !== undefined) chownSync(draft, account.uid, account.gid);
  try {
    await runInitdb(binaries.initdb, draft, passwordFile, account);
    renameSync(draft, cluster);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function runInitdb(initdb: string, draft: string, passwordFile: string, account: PostgresAccount): Promise<void> {
  const args = [
    `--pgdata=${draft}`,
    `--username=${POSTGRES_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C', // the same order of texts on every machine
  ];
  const options = { cwd: '/', timeout: INITDB_TIMEOUT_MS, killSignal: 'SIGKILL', ...account } as const;
  const running = promisify(execFile)(initdb, args, options);
  const { pid } = running.child;
  const guard = { signal: 'SIGKILL', graceMs: 1_000, phase: StopPhase.Servers } as const;
  const release = pid === undefined ? undefined : guardChild(pid, guard);
  try {
    await running;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new ServerError(
      'postgres_init_failed',
      `initdb could not make a database in ${draft}: ${stderr.trim() || (error as Error).message}`,
      'See the message above; a full disk or a missing library is the usual reason.',
      { cause: error },
    );
  } finally {
    release?.();
  }
}

function assertUsable(cluster: string, { version }: PostgresBinaries): void {
  const versionFile = join(cluster, 'PG_VERSION');
  const made = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : undefined;
  if (made !== undefined && made === version.split('.')[0]) return;
  throw new ServerError(
    'data_directory_not_usable',
    made === undefined
      ? `${cluster} is there but holds no Postgres cluster.`
      : `${cluster} was made by Postgres ${made}, and this is ${version}.`,
    'Move it away, or set LOCKSTEP_DATA_DIR to another directory.',
  );
}
