import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchNetwork } from '../bench-network.js';
import { HttpConnection } from './http-connection.js';
import { measureThroughput, signFrames } from '../measure/throughput.js';

/** Ordering with and without clients that poll the admin API. */
export interface PollingFigures {
  clients: number;
  pollEveryMs: number;
  /** Answers that the clients got during the runs with them, 304 among them. */
  answers: number;
  notModified: number;
  orderedPerSecond: { without: number[]; with: number[] };
  /** With the clients ÷ without, of each pair of runs next to each other. */
  ratios: number[];
  /** Their median, and the quartiles around it. */
  ratio: { median: number; lower: number; upper: number };
}

const CLIENTS = 50;
const POLL_EVERY_MS = 1_000;
const PAIRS = 16;
/** What a dashboard shows on its first page: the overview every second, a list beside it, in turns. */
const OVERVIEW = '/api/v1/overview';
const LISTS = ['/api/v1/blocks?limit=20', '/api/v1/operations?limit=20', '/api/v1/entries?limit=20'];

/**
 * Runs at full load in pairs, with and without clients in turns (ABBA), so that what else the machine does and how the
 * log grows falls on both. Each pair gives a ratio; their median is robust against pairs that were disturbed.
 */
export async function measurePolling(
  bench: BenchNetwork,
  transactions: number,
  progress: (line: string) => void,
): Promise<PollingFigures> {
  const runs = { without: [] as number[], with: [] as number[] };
  const counts = { answers: 0, notModified: 0 };
  const connections = await Promise.all(
    Array.from({ length: CLIENTS }, () => HttpConnection.open(bench.network.adminUrl)),
  );
  for (let warmUp = 0; warmUp < 2; warmUp++) await measureThroughput(bench, signFrames(bench, transactions));
  for (let pair = 1; pair <= PAIRS; pair++) {
    for (const kind of pair % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const)) {
      const frames = signFrames(bench, transactions);
      const stopping = new AbortController();
      setMaxListeners(CLIENTS, stopping.signal);
      const clients = kind === 'with' ? connections.map((connection) => poll(connection, counts, stopping.signal)) : [];
      const { orderedPerSecond } = await measureThroughput(bench, frames);
      stopping.abort();
      await Promise.all(clients);
      runs[kind].push(orderedPerSecond);
    }
    progress(`pair ${pair} of ${PAIRS}: without ${runs.without.at(-1)}/s, with ${runs.with.at(-1)}/s`);
  }
  for (const connection of connections) connection.close();
  const ratios = runs.with.map((value, at) => rounded(value / runs.without[at]!));
  const ratio = { median: quantile(ratios, 0.5), lower: quantile(ratios, 0.25), upper: quantile(ratios, 0.75) };
  return { clients: CLIENTS, pollEveryMs: POLL_EVERY_MS, ...counts, orderedPerSecond: runs, ratios, ratio };
}

/** One client: two answers a second, from a moment of its own, with the ETags that it has, as a browser does. */
async function poll(
  client: HttpConnection,
  counts: { answers: number; notModified: number },
  signal: AbortSignal,
): Promise<void> {
  const etags = new Map<string, string>();
  const pause = (ms: number): Promise<unknown> => delay(ms, undefined, { signal }).catch(() => undefined);
  await pause(Math.random() * POLL_EVERY_MS);
  for (let turn = Math.floor(Math.random() * LISTS.length); !signal.aborted; turn++) {
    for (const path of [OVERVIEW, LISTS[turn % LISTS.length]!]) {
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
