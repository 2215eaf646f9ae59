import { ListCompositeType, UnionType } from '@chainsafe/ssz';
import { REPLICA_KEYS_MAX, ROLLUPS_MAX, SEQUENCER_KEYS_MAX, SERIES_MAX } from './constants.js';
import { sszRoot } from './hashing.js';
import { ContainerType } from './ssz/container.js';
import {
  Address,
  Bool,
  Bytes32,
  Signature,
  text,
  Uint256,
  Uint32,
  Uint53,
  Uint8,
  type ValueOf,
} from './ssz/primitives.js';

/** Something that accounts own, on every rollup of the log. Identified by an address, like an ERC-20. */
export const Asset = new ContainerType({ address: Address, symbol: text(16), decimals: Uint8 }, { typeName: 'Asset' });
export type Asset = ValueOf<typeof Asset>;

export const Rollup = new ContainerType(
  {
    chainId: Uint53,
    name: text(32),
    /** Signs the rollup's votes and state roots; one at a time. */
    votingKey: Address,
    /** Sign state roots, never votes. */
    replicaKeys: new ListCompositeType(Address, REPLICA_KEYS_MAX),
    /** Stops new transactions and prepares, never decisions. */
    paused: Bool,
    /** Stops new prepares: the executor's state is in doubt. */
    quarantined: Bool,
  },
  { typeName: 'Rollup' },
);
export type Rollup = ValueOf<typeof Rollup>;

/** A shared purse that backs options; its operator signs for it and withdraws from it. */
export const Pool = new ContainerType({ address: Address, operator: Address, name: text(32) }, { typeName: 'Pool' });
export type Pool = ValueOf<typeof Pool>;

/** A pair of assets whose price is published: base units of `quote` for one whole unit of `underlying`. */
export const Market = new ContainerType(
  { underlying: Address, quote: Address, priceKey: Address },
  { typeName: 'Market' },
);
export type Market = ValueOf<typeof Market>;

/** What an option series says, for ever. Its id is the SSZ root of these terms. */
export const SeriesTerms = new ContainerType(
  {
    underlying: Address,
    /** The asset in which strike and premium are paid. */
    quote: Address,
    /** Base units of `quote` for one whole unit of `underlying`. */
    strike: Uint256,
    /** Log time in ms. */
    expiryMs: Uint53,
    /** How long a European option can be exercised after expiry, in ms; 0 for an American one. */
    exerciseWindowMs: Uint53,
    isPut: Bool,
    isEuropean: Bool,
    /** Physical settlement: the holder pays or delivers; else the difference is paid. */
    isPhysical: Bool,
    /** The rollup that keeps holders' long positions; intents are signed for its chain id. */
    positionChainId: Uint53,
    /** The rollup that keeps backers' exposure. */
    exposureChainId: Uint53,
    /** The rollup that keeps the collateral. */
    collateralChainId: Uint53,
    /** The rollup on which premiums, payments and payouts move. */
    settlementChainId: Uint53,
  },
  { typeName: 'SeriesTerms' },
);
export type SeriesTerms = ValueOf<typeof SeriesTerms>;

export const Series = new ContainerType({ terms: SeriesTerms, delisted: Bool }, { typeName: 'Series' });
export type Series = ValueOf<typeof Series>;

/** Who and what takes part. In force in block n is what entries of blocks < n say; its root is in the header. */
export const Registry = new ContainerType(
  {
    protocolVersion: Uint32,
    /** Changes so far; the next change carries this number, so none can be repeated. */
    changeCount: Uint53,
    registryKey: Address,
    sequencerKeys: new ListCompositeType(Address, SEQUENCER_KEYS_MAX),
    rollups: new ListCompositeType(Rollup, ROLLUPS_MAX),
    assets: new ListCompositeType(Asset, 64),
    pools: new ListCompositeType(Pool, 1024),
    markets: new ListCompositeType(Market, 256),
    series: new ListCompositeType(Series, SERIES_MAX),
  },
  { typeName: 'Registry' },
);
export type Registry = ValueOf<typeof Registry>;

export enum RegistryAction {
  LIST_SERIES = 0,
  DELIST_SERIES = 1,
  SET_ROLLUP_PAUSED = 2,
  SET_ROLLUP_QUARANTINED = 3,
  SET_KEY = 4,
  REGISTER_ROLLUP = 5,
}

/** What a key that a {@link KeyChange} names is for. */
export enum KeyRole {
  /** Signs headers. There are one to sixteen. */
  SEQUENCER = 0,
  /** Signs changes of the registry and commands. There is one; it signs its own successor. */
  REGISTRY = 1,
  /** Signs prices, of every market that names it. */
  PRICE = 2,
  /** Signs a rollup's votes and state roots. There is one; a vote counts under the key in force in PREPARE's block. */
  VOTING = 3,
  /** Signs a rollup's state roots. There are none to eight. */
  REPLICA = 4,
}

const SetRollupFlag = new ContainerType({ chainId: Uint53, value: Bool }, { typeName: 'SetRollupFlag' });

/** Puts a key in the place of another. */
export const KeyChange = new ContainerType(
  {
    /** A {@link KeyRole}. */
    role: Uint8,
    /** Whose key, of a voting or replica key; else 0. */
    chainId: Uint53,
    /** The key that goes; zero: a sequencer or replica key is added. */
    previous: Address,
    /** The key that comes; zero: a sequencer or replica key is removed. */
    next: Address,
  },
  { typeName: 'KeyChange' },
);
export type KeyChange = ValueOf<typeof KeyChange>;

/** A rollup that joins a running log: neither paused nor quarantined, without balances. */
export const NewRollup = new ContainerType(
  {
    chainId: Uint53,
    name: text(32),
    votingKey: Address,
    replicaKeys: new ListCompositeType(Address, REPLICA_KEYS_MAX),
  },
  { typeName: 'NewRollup' },
);
export type NewRollup = ValueOf<typeof NewRollup>;

/** A change of the registry; `action.selector` is a {@link RegistryAction}. */
export const RegistryChange = new ContainerType(
  {
    /** Equals the registry's `changeCount` when it is applied. */
    nonce: Uint53,
    action: new UnionType([SeriesTerms, Bytes32, SetRollupFlag, SetRollupFlag, KeyChange, NewRollup]),
  },
  { typeName: 'RegistryChange' },
);
export type RegistryChange = ValueOf<typeof RegistryChange>;

export const SignedRegistryChange = new ContainerType(
  { change: RegistryChange, signature: Signature },
  { typeName: 'SignedRegistryChange' },
);
export type SignedRegistryChange = ValueOf<typeof SignedRegistryChange>;

const registryRoots = new WeakMap<Registry, Uint8Array>();
const seriesIds = new WeakMap<SeriesTerms, Uint8Array>();

/** SSZ root of a registry, 32 bytes. Remembered for each value: registries are never changed in place. */
export const registryRoot = (registry: Registry): Uint8Array =>
  remember(registryRoots, registry, () => sszRoot(Registry, registry));

/** A series' id: the SSZ root of its terms, 32 bytes. Remembered for each value: terms never change. */
export const seriesId = (terms: SeriesTerms): Uint8Array =>
  remember(seriesIds, terms, () => sszRoot(SeriesTerms, terms));

function remember<K extends object>(roots: WeakMap<K, Uint8Array>, key: K, compute: () => Uint8Array): Uint8Array {
  let root = roots.get(key);
  if (!root) roots.set(key, (root = compute()));
  return root;
}
