import { bytesToHex, equalBytes } from './bytes.js';
import { SERIES_MAX } from './constants.js';
import {
  type Asset,
  type KeyChange,
  type Market,
  type NewRollup,
  type Pool,
  type Registry,
  RegistryAction,
  type RegistryChange,
  type Rollup,
  type Series,
  type SeriesTerms,
  seriesId,
} from './registry.js';
import { RegistryChangeError } from './registry-change-error.js';
import { setKey } from './registry-keys.js';
import { registerRollup, updateRollup } from './registry-rollups.js';

/**
 * The registry after a change: a new value that shares what did not change. The signature is the caller's to check.
 * @param timestampMs log time of the block that carries the change
 * @throws RegistryChangeError
 */
export function applyRegistryChange(registry: Registry, change: RegistryChange, timestampMs: number): Registry {
  if (change.nonce !== registry.changeCount) {
    throw new RegistryChangeError(
      { code: 'REGISTRY_NONCE', nonce: change.nonce, expected: registry.changeCount },
      `The registry change has number ${change.nonce}, the next one is ${registry.changeCount}.`,
      'Read the registry again and sign the change with its changeCount as nonce.',
    );
  }
  const next = { ...registry, changeCount: registry.changeCount + 1 };
  const { selector, value } = change.action;
  switch (selector as RegistryAction) {
    case RegistryAction.LIST_SERIES:
      return { ...next, series: listSeries(registry, value as SeriesTerms, timestampMs) };
    case RegistryAction.DELIST_SERIES:
      return { ...next, series: delistSeries(registry, value as Uint8Array) };
    case RegistryAction.SET_ROLLUP_PAUSED: {
      const { chainId, value: paused } = value as { chainId: number; value: boolean };
      return { ...next, rollups: updateRollup(registry, chainId, { paused }) };
    }
    case RegistryAction.SET_ROLLUP_QUARANTINED: {
      const { chainId, value: quarantined } = value as { chainId: number; value: boolean };
      return { ...next, rollups: updateRollup(registry, chainId, { quarantined }) };
    }
    case RegistryAction.SET_KEY:
      return { ...next, ...setKey(registry, value as KeyChange) };
    case RegistryAction.REGISTER_ROLLUP:
      return { ...next, rollups: registerRollup(registry, value as NewRollup) };
  }
}

export const findRollup = (registry: Registry, chainId: number): Rollup | undefined =>
  registry.rollups.find((rollup) => rollup.chainId === chainId);

export const findSeries = (registry: Registry, id: Uint8Array): Series | undefined =>
  registry.series.find(({ terms }) => equalBytes(seriesId(terms), id));

export const findPool = (registry: Registry, address: Uint8Array): Pool | undefined =>
  registry.pools.find((pool) => equalBytes(pool.address, address));

export const findAsset = (registry: Registry, address: Uint8Array): Asset | undefined =>
  registry.assets.find((asset) => equalBytes(asset.address, address));

export const findMarket = (registry: Registry, underlying: Uint8Array, quote: Uint8Array): Market | undefined =>
  registry.markets.find((market) => equalBytes(market.underlying, underlying) && equalBytes(market.quote, quote));

function listSeries(registry: Registry, terms: SeriesTerms, timestampMs: number): Series[] {
  const id = seriesId(terms);
  if (findSeries(registry, id)) {
    throw new RegistryChangeError(
      { code: 'REGISTRY_SERIES_EXISTS', series: bytesToHex(id) },
      `The series ${bytesToHex(id)} is listed already.`,
      'Use the listed series, or change its terms.',
    );
  }
  if (registry.series.length >= SERIES_MAX) {
    throw new RegistryChangeError(
      { code: 'REGISTRY_SERIES_FULL', seriesMax: SERIES_MAX },
      `The registry lists ${SERIES_MAX} series, and a log has no room for more.`,
    );
  }
  const wrong = wrongTerm(registry, terms, timestampMs);
  if (wrong) {
    throw new RegistryChangeError(
      { code: 'REGISTRY_SERIES_TERMS', field: wrong[0] },
      `The series cannot be listed: ${wrong[1]}.`,
      `Correct ${wrong[0]} and sign the change again.`,
    );
  }
  return [...registry.series, { terms, delisted: false }];
}

function wrongTerm(registry: Registry, terms: SeriesTerms, timestampMs: number): [keyof SeriesTerms, string] | null {
  if (!findMarket(registry, terms.underlying, terms.quote)) {
    return ['underlying', `there is no market ${bytesToHex(terms.underlying)} / ${bytesToHex(terms.quote)}`];
  }
  if (terms.strike === 0n) return ['strike', 'its strike is zero'];
  if (terms.expiryMs <= timestampMs) {
    return ['expiryMs', `its expiry ${terms.expiryMs} is not after log time ${timestampMs}`];
  }
  if (terms.isEuropean !== terms.exerciseWindowMs > 0) {
    return ['exerciseWindowMs', 'a European series needs a window after expiry, an American one has none'];
  }
  if (terms.expiryMs + terms.exerciseWindowMs > Number.MAX_SAFE_INTEGER) {
    return ['exerciseWindowMs', 'its window ends later than log time can say'];
  }
  const roles = ['positionChainId', 'exposureChainId', 'collateralChainId', 'settlementChainId'] as const;
  for (const role of roles) {
    if (!findRollup(registry, terms[role])) return [role, `no rollup has chain id ${terms[role]}`];
  }
  return null;
}

function delistSeries(registry: Registry, id: Uint8Array): Series[] {
  const series = findSeries(registry, id);
  if (!series) {
    throw new RegistryChangeError(
      { code: 'REGISTRY_UNKNOWN_SERIES', series: bytesToHex(id) },
      `The registry lists no series ${bytesToHex(id)}.`,
    );
  }
  return registry.series.map((other) => (other === series ? { ...series, delisted: true } : other));
}
