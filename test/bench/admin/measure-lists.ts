import { latencyOf, type Latency } from '../measure/quantiles.js';
import type { SyntheticLog } from './synthetic-log.js';

/** How long one list took, over all the pages that were asked for. */
export interface ListFigures {
  list: string;
  latency: Latency;
}

const REQUESTS = 300;
/** Every so many pages a list begins again. */
const PAGES_DEEP = 10;
const WARM_UP = 10;

const pick = (items: readonly string[]): string => items[Math.floor(Math.random() * items.length)]!;
const NOBODY = '00'.repeat(20);

/** A cursor as the API makes it: the last pages of a list are not reached in a benchmark by walking there. */
const at = (list: string, ...place: (string | number)[]): string =>
  `cursor=${Buffer.from(JSON.stringify([list, ...place])).toString('base64url')}`;

/** What is asked for, each with its path anew for every walk through its pages: from the newest, or where it is worst. */
const lists = ({
  chainIds,
  senders,
  series,
  accounts,
  underlying,
  quote,
}: SyntheticLog): Record<string, () => string> => {
  const chainId = (): string => pick(chainIds.map(String));
  const early = 20_000;
  return {
    blocks: () => '/blocks?',
    'blocks, last pages': () => `/blocks?${at('blocks', 600)}`,
    entries: () => '/entries?',
    'entries, last pages': () => `/entries?${at('entries', String(early), 1 + early / 500, String(early))}`,
    'entries of a rollup': () => `/entries?rollup=${chainId()}`,
    'entries of the shared lane': () => '/entries?rollup=0',
    'entries of a sender': () => `/entries?sender=${pick(senders)}`,
    'entries of a sender who has none': () => `/entries?sender=0x${NOBODY}`,
    'transactions of a sender on a rollup': () => `/entries?sender=${pick(senders)}&rollup=${chainId()}`,
    'entries of a kind': () => `/entries?kind=${pick(['transaction', 'price', 'prepare', 'decision'])}`,
    'entries of a kind, last pages': () =>
      `/entries?kind=${pick(['transaction', 'price'])}&${at('entries', String(early), 1 + early / 500, String(early))}`,
    'entries of a kind that there is not': () => `/entries?kind=${pick(['restore', 'registry_change'])}`,
    'entries of a kind and a rollup': () => `/entries?kind=transaction&rollup=${chainId()}`,
    'entries of a block': () => `/entries?block=${1 + Math.floor(Math.random() * 1_000)}`,
    'entries of a block and a kind': () => `/entries?block=${1 + Math.floor(Math.random() * 1_000)}&kind=decision`,
    operations: () => '/operations?',
    'operations, last pages': () => `/operations?${at('operations', String(early * 10))}`,
    'operations of an account': () => `/operations?account=${pick(accounts)}`,
    'operations of an account, aborted': () => `/operations?account=${pick(accounts)}&status=aborted`,
    'operations of a series, aborted': () => `/operations?series=${pick(series)}&status=aborted`,
    'operations by reason': () => '/operations?reason=expired',
    'operations by a reason that none has': () => '/operations?reason=stale_price&status=aborted',
    'operations undecided, of which there are none': () => '/operations?status=prepared&kind=exercise',
    'operations by every filter, none': () =>
      `/operations?kind=exercise&status=aborted&series=${pick(series)}&account=0x${NOBODY}&reason=expired`,
    'prices of a market': () => `/prices/${underlying}/${quote}?`,
    'prices of a market, last pages': () => `/prices/${underlying}/${quote}?${at('prices', String(early * 10))}`,
    'newest prices': () => '/prices?',
    incidents: () => '/incidents?',
    'incidents of a kind and a rollup': () => `/incidents?kind=silent_executor&rollup=${chainId()}`,
    'incidents of a rollup that has none': () => '/incidents?rollup=1',
    rollups: () => '/rollups?',
    executors: () => '/executors?',
    series: () => '/series?',
    overview: () => '/overview?',
    'audit log': () => '/audit?',
  };
};

/**
 * Asks for pages of every list, one after the other, walking some pages deep and beginning anew.
 * @throws Error when an answer is no success
 */
export async function measureLists(url: string, log: SyntheticLog): Promise<ListFigures[]> {
  const figures: ListFigures[] = [];
  for (const [list, begin] of Object.entries(lists(log))) {
    const samples: number[] = [];
    let base = begin();
    let cursor: string | null = null;
    for (let count = 0; count < WARM_UP + REQUESTS; count++) {
      if (count % PAGES_DEEP === 0 || cursor === null) [base, cursor] = [begin(), null];
      else base = base.replace(/cursor=[^&]*/, '');
      // No two texts are the same within a moment, so that no answer is shared: 50, 50.0, 50.00 …
      const pages = `limit=50.${'0'.repeat(count % 250)}${cursor === null ? '' : `&cursor=${cursor}`}`;
      const path = WITHOUT_PAGES.has(list) ? `${base}${count}` : `${base}&${pages}`;
      const startedMs = performance.now();
      const response = await fetch(`${url}/api/v1${path}`);
      const body = (await response.json()) as { nextCursor?: string | null };
      if (count >= WARM_UP) samples.push(performance.now() - startedMs);
      if (!response.ok) throw new Error(`${path} answers ${response.status}: ${JSON.stringify(body)}`);
      cursor = body.nextCursor ?? null;
    }
    figures.push({ list, latency: latencyOf(samples) });
  }
  return figures;
}

/** They take no page's parameters, and are answered whatever else is asked for. */
const WITHOUT_PAGES = new Set(['newest prices', 'rollups', 'executors', 'overview']);
