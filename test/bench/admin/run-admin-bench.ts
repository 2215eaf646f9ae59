import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '#libs/persistence';
import { appScript, freePort, spawnNode, startNats, startPostgres, waitFor, temporaryDirectory } from '#libs/testkit';
import { BenchNetwork } from '../bench-network.js';
import { currentLoad, describeMachine, type Machine } from '../measure/machine.js';
import { measureLists, type ListFigures } from './measure-lists.js';
import { measurePolling, type PollingFigures, type Ratios } from './measure-polling.js';
import { loadSyntheticLog } from './synthetic-log.js';

const LOG_ENTRIES = 1_000_000;
const POLLING_TRANSACTIONS = 40_000;
const CATCH_UP_MS = 600_000;
/** One machine is all clients here, so its rate limits would be what is measured. */
const NO_LIMITS = { ADMIN_RATE_ADDRESS_MAX: '1000000', ADMIN_RATE_KEY_MAX: '1000000' };

/** What `npm run bench -- --admin` finds out. Latencies in ms. */
export interface AdminFigures {
  machine: Machine;
  logEntries: number;
  /** How long the projections took to take in the whole log, s. */
  projectionSeconds: number;
  lists: ListFigures[];
  polling: PollingFigures;
}

/** How fast lists are on a long log, and what polling costs those who order. */
export async function runAdminBench(progress: (line: string) => void): Promise<AdminFigures> {
  const loadBefore = currentLoad();
  const { lists, projectionSeconds } = await benchLists(progress);
  progress('starting a network');
  const bench = await BenchNetwork.start({ keep: false, adminApi: true, env: NO_LIMITS });
  try {
    const polling = await measurePolling(bench, POLLING_TRANSACTIONS, progress);
    const machine = await describeMachine(bench.database, loadBefore);
    return { machine, logEntries: LOG_ENTRIES, projectionSeconds, lists, polling };
  } finally {
    await bench.stop();
  }
}

async function benchLists(
  progress: (line: string) => void,
): Promise<Pick<AdminFigures, 'lists' | 'projectionSeconds'>> {
  const dataDir = temporaryDirectory('bench-admin');
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const postgres = await startPostgres({ dataDir: join(dataDir, 'postgres') });
    stops.push(() => postgres.stop());
    const nats = await startNats({ dataDir: join(dataDir, 'nats') });
    stops.push(() => nats.stop());
    await migrate(postgres.url);
    const database = new pg.Client({ connectionString: postgres.url });
    await database.connect();
    stops.push(() => database.end());
    progress(`loading ${LOG_ENTRIES} entries`);
    const log = await loadSyntheticLog(postgres.url, database, LOG_ENTRIES);
    const port = await freePort();
    progress('the projections take in the log');
    const startedMs = performance.now();
    const api = spawnNode({
      name: 'admin-api',
      script: appScript('admin-api'),
      logFile: join(dataDir, 'admin-api.log'),
      env: {
        ...{ DATABASE_URL: postgres.url, NATS_URL: nats.url, ADMIN_PORT: String(port) },
        ...{ LOCKSTEP_ADMIN_OPEN_READS: '1', LOCKSTEP_EXIT_WITH_PARENT: '1', ...NO_LIMITS },
      },
    });
    stops.push(() => api.stop());
    await waitFor(
      'the projections have taken in the log',
      async () => {
        if (api.hasExited) throw new Error(`the admin API ended:\n${api.lastLines(20).join('\n')}`);
        const { rows } = await database.query<{ sequence: string }>('SELECT sequence FROM lockstep_admin.projection');
        return Number(rows[0]?.sequence ?? 0) >= LOG_ENTRIES;
      },
      CATCH_UP_MS,
    );
    const projectionSeconds = Math.round((performance.now() - startedMs) / 100) / 10;
    await database.query('ANALYZE');
    progress('asking for lists');
    const lists = await measureLists(`http://127.0.0.1:${port}`, log);
    for (const line of lists.map(listLine)) progress(line);
    return { projectionSeconds, lists };
  } finally {
    for (const stop of stops.reverse()) await stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const listLine = ({ list, latency }: ListFigures): string =>
  `  ${list.padEnd(46)} p50 ${String(latency.p50).padStart(7)} ms   p99 ${String(latency.p99).padStart(7)} ms`;

/** The figures as lines of text. */
export function formatAdminFigures({ machine, logEntries, projectionSeconds, lists, polling }: AdminFigures): string[] {
  const { loadAverage } = machine;
  const worst = lists.reduce((one, other) => (other.latency.p99 > one.latency.p99 ? other : one));
  return [
    `${machine.cores} cores (${machine.cpu}), Node ${machine.node}, Postgres ${machine.postgres}`,
    `fsync ${machine.fsync}, synchronous_commit ${machine.synchronousCommit}; load average ${loadAverage.before} before, ${loadAverage.after} after`,
    `Lists of the admin API on a log of ${logEntries} entries (taken in within ${projectionSeconds} s)`,
    ...lists.map(listLine),
    `  worst p99: ${worst.list}, ${worst.latency.p99} ms`,
    `Ordering with ${polling.clients} clients that poll the overview and lists, each with a key of its own`,
    `  without ${polling.without.join(' ')} /s`,
    ...polling.with.flatMap(
      ({ requestsPerClientPerSecond, orderedPerSecond, answers, notModified, throughput, cpu }) => [
        `  each asking ${requestsPerClientPerSecond} a second (${answers} answers, ${notModified} of them 304): ${orderedPerSecond.join(' ')} /s`,
        `    transactions a second, with ÷ without: ${ratiosLine(throughput)}`,
        ...(cpu ? [`    transactions a second of CPU time, clients left out, with ÷ without: ${ratiosLine(cpu)}`] : []),
      ],
    ),
  ];
}

const ratiosLine = ({ median, lower, upper, rounds }: Ratios): string =>
  `median ${median}, quartiles ${lower} to ${upper} (${rounds.join(' ')})`;
