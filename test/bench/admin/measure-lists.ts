import { latencyOf, type Latency } from '../measure/quantiles.js';
import type { SyntheticLog } from './synthetic-log.js';

/** How long one list took, over all the pages that were asked for. */
export interface ListFigures {
  list: string;
  latency: Latency;
}

const REQUESTS = 300;
/** Every so many pages a list begins again from the newest. */
const PAGES_DEEP = 10;
const WARM_UP = 10;

const pick = (items: readonly string[]): string => items[Math.floor(Math.random() * items.length)]!;

/** What is asked for, each with its path anew for every walk through its pages. */
const lists = ({
  chainIds,
  senders,
  series,
  accounts,
  underlying,
  quote,
}: SyntheticLog): Record<string, () => string> => {
  const chainId = (): string => pick(chainIds.map(String));
  return {
    blocks: () => '/blocks?',
    entries: () => '/entries?',
    'entries of a rollup': () => `/entries?rollup=${chainId()}`,
    'entries of a sender': () => `/entries?sender=${pick(senders)}`,
    'transactions of a sender on a rollup': () => `/entries?sender=${pick(senders)}&rollup=${chainId()}`,
    'entries of a kind': () => `/entries?kind=${pick(['transaction', 'price', 'prepare', 'decision'])}`,
    'entries of a block': () => `/entries?block=${1 + Math.floor(Math.random() * 1_000)}`,
    operations: () => '/operations?',
    'operations of an account': () => `/operations?account=${pick(accounts)}`,
    'operations of a series, aborted': () => `/operations?series=${pick(series)}&status=aborted`,
    'operations by reason': () => '/operations?reason=expired',
    'prices of a market': () => `/prices/${underlying}/${quote}?`,
    incidents: () => '/incidents?',
    'audit log': () => '/audit?',
  };
};

/**
 * Asks for pages of every list, one after the other, walking some pages deep and beginning anew.
 * @throws Error when an answer is no success
 */
export async function measureLists(url: string, log: SyntheticLog): Promise<ListFigures[]> {
  const figures: ListFigures[] = [];
  for (const [list, path] of Object.entries(lists(log))) {
    const samples: number[] = [];
    let base = path();
    let cursor: string | null = null;
    for (let at = 0; at < WARM_UP + REQUESTS; at++) {
      if (at % PAGES_DEEP === 0) [base, cursor] = [path(), null];
      const startedMs = performance.now();
      const response = await fetch(`${url}/api/v1${base}${cursor === null ? '' : `&cursor=${cursor}`}`);
      const body = (await response.json()) as { nextCursor: string | null };
      if (at >= WARM_UP) samples.push(performance.now() - startedMs);
      if (!response.ok) throw new Error(`${base} answers ${response.status}: ${JSON.stringify(body)}`);
      cursor = body.nextCursor;
    }
    figures.push({ list, latency: latencyOf(samples) });
  }
  return figures;
}
