import { bytesToHex, equalBytes } from './bytes.js';
import { SEQUENCER_KEYS_MAX, SERIES_MAX } from './constants.js';
import { LockstepError } from './errors.js';
import {
  type Asset,
  type KeyChange,
  KeyRole,
  type Market,
  type Pool,
  type Registry,
  RegistryAction,
  type RegistryChange,
  type Rollup,
  type Series,
  type SeriesTerms,
  seriesId,
} from './registry.js';

export type RegistryChangeErrorType =
  | { code: 'REGISTRY_NONCE'; nonce: number; expected: number }
  | { code: 'REGISTRY_UNKNOWN_ROLLUP'; chainId: number }
  | { code: 'REGISTRY_UNKNOWN_SERIES'; series: string }
  | { code: 'REGISTRY_SERIES_EXISTS'; series: string }
  | { code: 'REGISTRY_SERIES_FULL'; seriesMax: number }
  | { code: 'REGISTRY_SERIES_TERMS'; field: keyof SeriesTerms }
  | { code: 'REGISTRY_KEY'; field: keyof KeyChange };

/** Why a change of the registry cannot be applied. */
export class RegistryChangeError extends LockstepError<RegistryChangeErrorType> {}

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

type KeysOf = Pick<Registry, 'sequencerKeys' | 'registryKey' | 'markets'>;

/** @throws RegistryChangeError `REGISTRY_KEY` */
function setKey(registry: Registry, { role, previous, next }: KeyChange): Partial<KeysOf> {
  const { sequencerKeys, registryKey, markets } = registry;
  const isAdded = isZero(previous);
  const isRemoved = isZero(next);
  if (KeyRole[role] === undefined) throw keyError('role', `there is no role ${role}`);
  if (role !== (KeyRole.SEQUENCER as number) && (isAdded || isRemoved)) {
    throw keyError(isAdded ? 'previous' : 'next', 'a key of this role can only be replaced');
  }
  if (isAdded && isRemoved) throw keyError('next', 'it names no key');
  if (!isRemoved && keysInUse(registry).some((key) => equalBytes(key, next))) {
    throw keyError('next', `${bytesToHex(next)} is a key of the registry already`);
  }
  const unknown = (): RegistryChangeError =>
    keyError('previous', `${bytesToHex(previous)} is no ${KeyRole[role]!.toLowerCase()} key`);
  switch (role as KeyRole) {
    case KeyRole.SEQUENCER: {
      const kept = sequencerKeys.filter((key) => !equalBytes(key, previous));
      if (!isAdded && kept.length === sequencerKeys.length) throw unknown();
      const keys = isRemoved ? kept : [...kept, next];
      if (keys.length === 0) throw keyError('previous', 'it is the last sequencer key');
      if (keys.length > SEQUENCER_KEYS_MAX) throw keyError('next', `there are ${SEQUENCER_KEYS_MAX} sequencer keys`);
      return { sequencerKeys: keys };
    }
    case KeyRole.REGISTRY:
      if (!equalBytes(registryKey, previous)) throw unknown();
      return { registryKey: next };
    case KeyRole.PRICE: {
      const changed = markets.map((market) =>
        equalBytes(market.priceKey, previous) ? { ...market, priceKey: next } : market,
      );
      if (changed.every((market, index) => market === markets[index])) throw unknown();
      return { markets: changed };
    }
  }
}

const keysInUse = ({ sequencerKeys, registryKey, rollups, markets }: Registry): Uint8Array[] => [
  registryKey,
  ...sequencerKeys,
  ...rollups.flatMap(({ votingKey, replicaKeys }) => [votingKey, ...replicaKeys]),
  ...markets.map(({ priceKey }) => priceKey),
];

const isZero = (address: Uint8Array): boolean => address.every((byte) => byte === 0);

const keyError = (field: keyof KeyChange, why: string): RegistryChangeError =>
  new RegistryChangeError(
    { code: 'REGISTRY_KEY', field },
    `The key cannot be changed: ${why}.`,
    `Correct ${field} and sign the change again.`,
  );

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

function updateRollup(registry: Registry, chainId: number, change: Partial<Rollup>): Rollup[] {
  if (!findRollup(registry, chainId)) {
    throw new RegistryChangeError(
      { code: 'REGISTRY_UNKNOWN_ROLLUP', chainId },
      `No rollup of the registry has chain id ${chainId}.`,
    );
  }
  return registry.rollups.map((rollup) => (rollup.chainId === chainId ? { ...rollup, ...change } : rollup));
}
