import { OPTIONS_MARKET_ADDRESS } from '#libs/options';
import { bytesToHex, type Genesis, type Hex, type Registry, type Series, seriesId } from '#libs/protocol';
import { logIdOf } from './log-id-of.js';

/** A series with its id. Integers that can exceed 2^53 are decimal strings. */
export interface SeriesJson {
  /** What intents name the series by. */
  id: Hex;
  underlying: Hex;
  quote: Hex;
  /** Base units of `quote` for one whole unit of `underlying`. */
  strike: string;
  expiryMs: number;
  exerciseWindowMs: number;
  isPut: boolean;
  isEuropean: boolean;
  isPhysical: boolean;
  /** The chain id in the EIP-712 domain of intents for this series. */
  positionChainId: number;
  exposureChainId: number;
  collateralChainId: number;
  settlementChainId: number;
  delisted: boolean;
}

/** The registry in force in the next block, and what of genesis a client needs to sign. */
export interface RegistryJson {
  logId: Hex;
  /** The EIP-712 domain of everything signed; intents add `chainId`, the series' `positionChainId`. */
  domain: { name: 'Lockstep'; version: '1'; salt: Hex };
  protocolVersion: number;
  /** Changes so far; the nonce of the next one. */
  changeCount: number;
  /** Log time, in ms, at which the log began. */
  startTimeMs: number;
  prepareMsMax: number;
  nativeAsset: Hex;
  feeAccount: Hex;
  /** The options market's contract, the same on every rollup. */
  marketAddress: Hex;
  registryKey: Hex;
  sequencerKeys: Hex[];
  rollups: {
    chainId: number;
    name: string;
    votingKey: Hex;
    replicaKeys: Hex[];
    paused: boolean;
    quarantined: boolean;
  }[];
  assets: { address: Hex; symbol: string; decimals: number }[];
  pools: { address: Hex; operator: Hex; name: string }[];
  markets: { underlying: Hex; quote: Hex; priceKey: Hex }[];
  series: SeriesJson[];
}

/** What `lockstep_getRegistry` answers. */
export function registryJson(genesis: Genesis, registry: Registry): RegistryJson {
  const salt = bytesToHex(logIdOf(genesis));
  return {
    logId: salt,
    domain: { name: 'Lockstep', version: '1', salt },
    protocolVersion: registry.protocolVersion,
    changeCount: registry.changeCount,
    startTimeMs: genesis.startTimeMs,
    prepareMsMax: genesis.prepareMsMax,
    nativeAsset: bytesToHex(genesis.nativeAsset),
    feeAccount: bytesToHex(genesis.feeAccount),
    marketAddress: bytesToHex(OPTIONS_MARKET_ADDRESS),
    registryKey: bytesToHex(registry.registryKey),
    sequencerKeys: registry.sequencerKeys.map(bytesToHex),
    rollups: registry.rollups.map(({ chainId, name, votingKey, replicaKeys, paused, quarantined }) => ({
      chainId,
      name: toText(name),
      votingKey: bytesToHex(votingKey),
      replicaKeys: replicaKeys.map(bytesToHex),
      paused,
      quarantined,
    })),
    assets: registry.assets.map(({ address, symbol, decimals }) => ({
      address: bytesToHex(address),
      symbol: toText(symbol),
      decimals,
    })),
    pools: registry.pools.map(({ address, operator, name }) => ({
      address: bytesToHex(address),
      operator: bytesToHex(operator),
      name: toText(name),
    })),
    markets: registry.markets.map(({ underlying, quote, priceKey }) => ({
      underlying: bytesToHex(underlying),
      quote: bytesToHex(quote),
      priceKey: bytesToHex(priceKey),
    })),
    series: registry.series.map(seriesJson),
  };
}

function seriesJson({ terms, delisted }: Series): SeriesJson {
  return {
    ...terms,
    id: bytesToHex(seriesId(terms)),
    underlying: bytesToHex(terms.underlying),
    quote: bytesToHex(terms.quote),
    strike: terms.strike.toString(),
    delisted,
  };
}

const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
