import type { DigestSigner } from '#libs/crypto';
import { bytesToHex, equalBytes, type Genesis, PROTOCOL_VERSION, seriesId, type SeriesTerms } from '#libs/protocol';
import type { CryptoPorts } from '../crypto/crypto-ports.js';
import { type Pace, TIME_SCALE } from '../plan/plan.js';

/** Log time at which every simulated log begins, ms. */
export const START_MS = 1_700_000_000_000;
/** Longest time between PREPARE and its deadline, ms at the long pace: deadlines pass within a schedule. */
const PREPARE_MS_MAX = 1_200;
/** After how long series expire and how long European ones can be exercised after it, ms at the long pace. */
const EXPIRES_AFTER_MS = 2_600;
const EUROPEAN_EXPIRES_AFTER_MS = 900;
const WINDOW_MS = 1_500;

export const ONE_ETH = 10n ** 18n;
export const ONE_USD = 10n ** 6n;
/** What each owner has of each asset on each rollup: little, so that operations compete for it. */
const ETH_FUNDS = 40n * ONE_ETH;
const USD_FUNDS = 100_000n * ONE_USD;

const filled = (byte: number): Uint8Array => new Uint8Array(20).fill(byte);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const ETH = filled(0xe0);
export const USD = filled(0xd0);
export const POOL = filled(0xb0);
const FEES = filled(0xfe);

/** Which rollup keeps positions, exposure, collateral and settles, by its place. */
const ROLES: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 1, 1],
  [0, 1, 2, 2],
  [0, 1, 2, 3],
  [1, 1, 1, 0],
];

/** The keys of a network: all that signs in it. */
export interface Keys {
  sequencers: DigestSigner[];
  registry: DigestSigner;
  price: DigestSigner;
  owners: DigestSigner[];
  operator: DigestSigner;
  /** By chain id. */
  voting: Map<number, DigestSigner>;
  /** By address in hex. */
  byAddress: Map<string, DigestSigner>;
}

export interface Topology {
  genesis: Genesis;
  chainIds: number[];
  keys: Keys;
  series: SeriesTerms[];
  /** Their ids, in the same order. */
  ids: Uint8Array[];
  /** The place of a series by its id. */
  seriesAt(id: Uint8Array): number;
}

function makeKeys(crypto: CryptoPorts, chainIds: readonly number[]): Keys {
  const owners = [11, 12, 13].map((key) => crypto.signer(key));
  const operator = crypto.signer(14);
  return {
    sequencers: [1, 2].map((key) => crypto.signer(key)),
    registry: crypto.signer(3),
    price: crypto.signer(4),
    owners,
    operator,
    voting: new Map(chainIds.map((chainId) => [chainId, crypto.signer(chainId)])),
    byAddress: new Map([...owners, operator].map((signer) => [bytesToHex(signer.address), signer])),
  };
}

function makeSeries(chainIds: readonly number[], roles: readonly number[], scale: number): SeriesTerms[] {
  const [positionChainId, exposureChainId, collateralChainId, settlementChainId] = roles.map((at) => chainIds[at]!);
  const common = {
    ...{ underlying: ETH, quote: USD, strike: 2_000n * ONE_USD },
    ...{ positionChainId, exposureChainId, collateralChainId, settlementChainId },
  } as SeriesTerms;
  const american = { expiryMs: START_MS + EXPIRES_AFTER_MS * scale, exerciseWindowMs: 0, isEuropean: false };
  return [
    { ...common, ...american, isPut: false, isPhysical: false },
    { ...common, ...american, isPut: true, isPhysical: true },
    {
      ...common,
      ...{
        expiryMs: START_MS + EUROPEAN_EXPIRES_AFTER_MS * scale,
        exerciseWindowMs: WINDOW_MS * scale,
        isEuropean: true,
        isPut: false,
        isPhysical: true,
      },
    },
  ];
}

function makeTopology(crypto: CryptoPorts, roles: readonly number[], scale: number): Topology {
  const chainIds = [...new Set(roles)].sort((a, b) => a - b).map((at) => 101 + at);
  const keys = makeKeys(crypto, chainIds);
  const series = makeSeries(chainIds, roles, scale);
  const funded = [...keys.owners.map(({ address }) => address), POOL];
  const genesis: Genesis = {
    version: PROTOCOL_VERSION,
    registry: {
      protocolVersion: PROTOCOL_VERSION,
      changeCount: 0,
      registryKey: keys.registry.address,
      sequencerKeys: keys.sequencers.map(({ address }) => address),
      rollups: chainIds.map((chainId) => ({
        chainId,
        name: text(`rollup ${chainId}`),
        votingKey: keys.voting.get(chainId)!.address,
        replicaKeys: [],
        paused: false,
        quarantined: false,
      })),
      assets: [
        { address: ETH, symbol: text('ETH'), decimals: 18 },
        { address: USD, symbol: text('USD'), decimals: 6 },
      ],
      pools: [{ address: POOL, operator: keys.operator.address, name: text('pool') }],
      markets: [{ underlying: ETH, quote: USD, priceKey: keys.price.address }],
      series: series.map((terms) => ({ terms, delisted: false })),
    },
    balances: chainIds.flatMap((chainId) =>
      funded.flatMap((owner) => [
        { chainId, owner, asset: ETH, amount: ETH_FUNDS },
        { chainId, owner, asset: USD, amount: USD_FUNDS },
      ]),
    ),
    nativeAsset: ETH,
    feeAccount: FEES,
    prepareMsMax: PREPARE_MS_MAX * scale,
    randomness: new Uint8Array(32).fill(7),
    startTimeMs: START_MS,
  };
  const ids = series.map((terms) => seriesId(terms));
  const seriesAt = (id: Uint8Array): number => ids.findIndex((of) => equalBytes(of, id));
  return { genesis, chainIds, keys, series, ids, seriesAt };
}

const made = new Map<CryptoPorts, Record<Pace, Topology[]>>();

/** The n-th network under these ports, at a pace; each is made once. */
export function topologyOf(crypto: CryptoPorts, n: number, pace: Pace): Topology {
  let topologies = made.get(crypto);
  if (!topologies) {
    const at = (scale: number): Topology[] => ROLES.map((roles) => makeTopology(crypto, roles, scale));
    made.set(crypto, (topologies = { short: at(TIME_SCALE.short), long: at(TIME_SCALE.long) }));
  }
  return topologies[pace][n]!;
}
