import {
  type Asset,
  type Market,
  type Pool,
  type Registry,
  type Rollup,
  type Series,
  type SeriesTerms,
  seriesId,
} from '#libs/protocol';
import { bytesKey } from './bytes-key.js';

/** A series with its id and the end of the time in which it can be exercised. */
export interface IndexedSeries {
  readonly id: Uint8Array;
  readonly terms: SeriesTerms;
  readonly delisted: boolean;
  /** Last instant at which it can be exercised or closed, log time in ms: expiry, for a European one plus its window. */
  readonly windowEndMs: number;
}

/** A registry's lists by key; a lookup does not walk 65,536 series. */
export interface RegistryIndex {
  asset(address: Uint8Array): Asset | undefined;
  pool(address: Uint8Array): Pool | undefined;
  rollup(chainId: number): Rollup | undefined;
  market(underlying: Uint8Array, quote: Uint8Array): Market | undefined;
  series(id: Uint8Array): IndexedSeries | undefined;
  /** European series of one market: those that settle at the first price after expiry. */
  europeanSeries(underlying: Uint8Array, quote: Uint8Array): readonly IndexedSeries[];
  allSeries(): Iterable<IndexedSeries>;
}

interface SeriesIndex {
  byId: Map<string, IndexedSeries>;
  europeanByMarket: Map<string, IndexedSeries[]>;
}

const indexes = new WeakMap<Registry, RegistryIndex>();
const seriesIndexes = new WeakMap<readonly Series[], SeriesIndex>();

/** The index of a registry, made once for each value: registries are never changed in place. */
export function indexRegistry(registry: Registry): RegistryIndex {
  let index = indexes.get(registry);
  if (!index) indexes.set(registry, (index = buildIndex(registry)));
  return index;
}

function buildIndex(registry: Registry): RegistryIndex {
  const assets = new Map(registry.assets.map((asset) => [bytesKey(asset.address), asset]));
  const pools = new Map(registry.pools.map((pool) => [bytesKey(pool.address), pool]));
  const rollups = new Map(registry.rollups.map((rollup) => [rollup.chainId, rollup]));
  const markets = new Map(registry.markets.map((market) => [marketKey(market.underlying, market.quote), market]));
  const { byId, europeanByMarket } = indexSeries(registry.series);
  return {
    asset: (address) => assets.get(bytesKey(address)),
    pool: (address) => pools.get(bytesKey(address)),
    rollup: (chainId) => rollups.get(chainId),
    market: (underlying, quote) => markets.get(marketKey(underlying, quote)),
    series: (id) => byId.get(bytesKey(id)),
    europeanSeries: (underlying, quote) => europeanByMarket.get(marketKey(underlying, quote)) ?? [],
    allSeries: () => byId.values(),
  };
}

/** Kept apart from the rest: pausing a rollup makes a new registry with the same series. */
function indexSeries(series: readonly Series[]): SeriesIndex {
  const known = seriesIndexes.get(series);
  if (known) return known;
  const index: SeriesIndex = { byId: new Map(), europeanByMarket: new Map() };
  for (const { terms, delisted } of series) {
    const id = seriesId(terms);
    const indexed = { id, terms, delisted, windowEndMs: terms.expiryMs + terms.exerciseWindowMs };
    index.byId.set(bytesKey(id), indexed);
    if (!terms.isEuropean) continue;
    const key = marketKey(terms.underlying, terms.quote);
    const ofMarket = index.europeanByMarket.get(key);
    if (ofMarket) ofMarket.push(indexed);
    else index.europeanByMarket.set(key, [indexed]);
  }
  seriesIndexes.set(series, index);
  return index;
}

/** Key of a market in maps. */
export const marketKey = (underlying: Uint8Array, quote: Uint8Array): string => bytesKey(underlying) + bytesKey(quote);
