import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchNetwork } from '../bench-network.js';
import { measureThroughput, signFrames } from '../measure/throughput.js';

/** Ordering with and without clients that poll the admin API. */
export interface PollingFigures {
  clients: number;
  pollEveryMs: number;
  /** Answers that the clients got during the runs with them. */
  answers: number;
  orderedPerSecond: { without: number[]; with: number[] };
  /** Median with the clients ÷ median without. */
  ratio: number;
}

const CLIENTS = 50;
const POLL_EVERY_MS = 1_000;
const ROUNDS = 5;
/** What a dashboard shows on its first page. */
const PATHS = [
  '/api/v1/overview',
  '/api/v1/blocks?limit=20',
  '/api/v1/operations?limit=20',
  '/api/v1/entries?limit=20',
];

/** Runs at full load, in turns with and without clients, so that what else the machine does falls on both. */
export async function measurePolling(
  bench: BenchNetwork,
  transactions: number,
  progress: (line: string) => void,
): Promise<PollingFigures> {
  const runs = { without: [] as number[], with: [] as number[] };
  let answers = 0;
  await measureThroughput(bench, signFrames(bench, transactions)); // warm up
  for (let round = 1; round <= ROUNDS; round++) {
    for (const kind of round % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const)) {
      const frames = signFrames(bench, transactions);
      const stopping = new AbortController();
      setMaxListeners(CLIENTS, stopping.signal);
      const clients = kind === 'with' ? Array.from({ length: CLIENTS }, () => poll(bench, stopping.signal)) : [];
      const { orderedPerSecond } = await measureThroughput(bench, frames);
      stopping.abort();
      for (const count of await Promise.all(clients)) answers += count;
      runs[kind].push(orderedPerSecond);
      progress(`round ${round} ${kind} ${CLIENTS} clients: ${orderedPerSecond}/s`);
    }
  }
  const ratio = Math.round((median(runs.with) / median(runs.without)) * 1_000) / 1_000;
  return { clients: CLIENTS, pollEveryMs: POLL_EVERY_MS, answers, orderedPerSecond: runs, ratio };
}

/** One client: all paths once a second, from a moment of its own. @returns how many answers it got */
async function poll({ network }: BenchNetwork, signal: AbortSignal): Promise<number> {
  let answers = 0;
  const pause = (ms: number): Promise<unknown> => delay(ms, undefined, { signal }).catch(() => undefined);
  await pause(Math.random() * POLL_EVERY_MS);
  while (!signal.aborted) {
    for (const path of PATHS) {
      const response = await fetch(network.adminUrl + path);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${path} answers ${response.status} while it is polled`);
      answers++;
    }
    await pause(POLL_EVERY_MS);
  }
  return answers;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
