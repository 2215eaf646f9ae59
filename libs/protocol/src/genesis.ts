import { ListCompositeType } from '@chainsafe/ssz';
import { sszRoot } from './hashing.js';
import { Registry } from './registry.js';
import { ContainerType } from './ssz/container.js';
import { Address, Bytes32, Uint256, Uint32, Uint53, type ValueOf } from './ssz/primitives.js';

export const GenesisBalance = new ContainerType(
  { chainId: Uint53, owner: Address, asset: Address, amount: Uint256 },
  { typeName: 'GenesisBalance' },
);
export type GenesisBalance = ValueOf<typeof GenesisBalance>;

/** Block 0: the topology with its balances, the only source of assets. Its SSZ root is the log id. */
export const Genesis = new ContainerType(
  {
    version: Uint32,
    registry: Registry,
    balances: new ListCompositeType(GenesisBalance, 1_048_576),
    /** The asset in which gas is paid and which `eth_getBalance` shows. */
    nativeAsset: Address,
    /** Receives the fees on every rollup. */
    feeAccount: Address,
    /** Longest time between PREPARE and its deadline, in ms. */
    prepareMsMax: Uint53,
    randomness: Bytes32,
    startTimeMs: Uint53,
  },
  { typeName: 'Genesis' },
);
export type Genesis = ValueOf<typeof Genesis>;

const logIds = new WeakMap<Genesis, Uint8Array>();

/**
 * The log id: the genesis' SSZ root, 32 bytes. It is also the parent hash of block 1. Remembered for each value: a genesis
 * is never changed in place.
 */
export function logId(genesis: Genesis): Uint8Array {
  let id = logIds.get(genesis);
  if (!id) logIds.set(genesis, (id = sszRoot(Genesis, genesis)));
  return id;
}
