import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiKeys, createDataSource } from '#libs/persistence';
import type { BenchNetwork } from '../bench-network.js';
import { HttpConnection } from './http-connection.js';
import { CLIENT_PART, type CpuUse } from '../measure/cpu-meter.js';
import { measureThroughput, signFrames } from '../measure/throughput.js';

/** Ordering with and without clients that poll the admin API. */
export interface PollingFigures {
  clients: number;
  /** Transactions a second, in the order of the rounds. */
  without: number[];
  with: PollingRate[];
}

/** One of each round; their median, and the quartiles around it. */
export interface Ratios {
  rounds: number[];
  median: number;
  lower: number;
  upper: number;
}

/** What clients at one rate cost. */
export interface PollingRate {
  requestsPerClientPerSecond: number;
  orderedPerSecond: number[];
  /** Transactions a second with the clients ÷ without, of the runs of each round. */
  throughput: Ratios;
  /**
   * Transactions for each second of CPU time with the clients ÷ without, the clients' own time left out: what the ratio of
   * throughput is where every core is busy, without most of its noise. Null where the system does not tell CPU times.
   */
  cpu: Ratios | null;
  /** Answers that the clients got, 304 among them. */
  answers: number;
  notModified: number;
}

const CLIENTS = 50;
const POLL_EVERY_MS = 1_000;
/** One: the overview and lists in turns, as the page at `/` asks for the overview. Two: the overview, and a list beside it. */
const RATES = [1, 2];
const ROUNDS = 12;
const OVERVIEW = '/api/v1/overview';
const LISTS = ['/api/v1/blocks?limit=20', '/api/v1/operations?limit=20', '/api/v1/entries?limit=20'];

/**
 * Runs at full load in rounds, one without clients and one at each rate, the order turning from round to round, so that
 * what else the machine does and how the log grows falls on all. Each round gives ratios; their median is robust against
 * rounds that were disturbed.
 */
export async function measurePolling(
  bench: BenchNetwork,
  transactions: number,
  progress: (line: string) => void,
): Promise<PollingFigures> {
  const keys = await createKeys(bench.network.databaseUrl);
  const runs = [0, ...RATES].map((rate) => ({
    ...{ rate, answers: 0, notModified: 0 },
    orderedPerSecond: [] as number[],
    cpuMicroseconds: [] as number[],
  }));
  for (let warmUp = 0; warmUp < 2; warmUp++) await measureThroughput(bench, signFrames(bench, transactions));
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < runs.length; turn++) {
      const run = runs[(round + turn) % runs.length]!;
      const frames = signFrames(bench, transactions);
      const stopping = new AbortController();
      setMaxListeners(CLIENTS, stopping.signal);
      // Opened anew each time: the server closes a connection that asks for nothing.
      const opened = run.rate === 0 ? [] : keys.map((key) => HttpConnection.open(bench.network.adminUrl, key));
      const connections = await Promise.all(opened);
      const clients = connections.map((client) => poll(client, run.rate, run, stopping.signal));
      const { orderedPerSecond, cpu } = await measureThroughput(bench, frames);
      stopping.abort();
      await Promise.all(clients);
      for (const connection of connections) connection.close();
      run.orderedPerSecond.push(orderedPerSecond);
      run.cpuMicroseconds.push(sumOf(cpu));
    }
    const line = runs.map(({ rate, orderedPerSecond }) => `${orderedPerSecond.at(-1)}/s with ${rate}`).join(', ');
    progress(`round ${round + 1} of ${ROUNDS}, requests of each client a second: ${line}`);
  }
  const [none, ...some] = runs;
  return {
    clients: CLIENTS,
    without: none!.orderedPerSecond,
    with: some.map(({ rate, orderedPerSecond, cpuMicroseconds, ...counts }) => ({
      ...{ requestsPerClientPerSecond: rate, orderedPerSecond, ...counts },
      throughput: ratiosOf(orderedPerSecond, none!.orderedPerSecond),
      cpu: cpuMicroseconds.every((used) => used > 0) ? ratiosOf(none!.cpuMicroseconds, cpuMicroseconds) : null,
    })),
  };
}

/** CPU time for each transaction of all parts but the clients, µs. */
const sumOf = (cpu: readonly CpuUse[]): number =>
  cpu.reduce(
    (sum, { part, microsecondsPerTransaction }) => sum + (part === CLIENT_PART ? 0 : microsecondsPerTransaction),
    0,
  );

function ratiosOf(dividends: readonly number[], divisors: readonly number[]): Ratios {
  const rounds = dividends.map((dividend, round) => rounded(dividend / divisors[round]!));
  return { rounds, median: quantile(rounds, 0.5), lower: quantile(rounds, 0.25), upper: quantile(rounds, 0.75) };
}

/** A viewer's key for each client. */
async function createKeys(databaseUrl: string): Promise<string[]> {
  const dataSource = await createDataSource(databaseUrl);
  try {
    const apiKeys = new ApiKeys(dataSource);
    const names = Array.from({ length: CLIENTS }, (_, index) => `dashboard ${index}`);
    return (await Promise.all(names.map((name) => apiKeys.create(name, 'viewer')))).map(({ text }) => text);
  } finally {
    await dataSource.destroy();
  }
}

/** One client: `rate` answers a second, from a moment of its own, with the ETags that it has, as a browser does. */
async function poll(
  client: HttpConnection,
  rate: number,
  counts: { answers: number; notModified: number },
  signal: AbortSignal,
): Promise<void> {
  const etags = new Map<string, string>();
  const pause = (ms: number): Promise<unknown> => delay(ms, undefined, { signal }).catch(() => undefined);
  await pause(Math.random() * POLL_EVERY_MS);
  for (let asked = Math.floor(Math.random() * 2 * LISTS.length); !signal.aborted;) {
    for (let turn = 0; turn < rate; turn++, asked++) {
      const path = asked % 2 === 0 ? OVERVIEW : LISTS[Math.floor(asked / 2) % LISTS.length]!;
      const { status, etag } = await client.get(path, etags.get(path));
      if (status !== 200 && status !== 304) throw new Error(`${path} answers ${status} while it is polled`);
      if (etag !== undefined) etags.set(path, etag);
      counts.answers++;
      if (status === 304) counts.notModified++;
    }
    await pause(POLL_EVERY_MS);
  }
}

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

/** Between the two values next to it. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return rounded(below + (above - below) * (place - Math.floor(place)));
}
