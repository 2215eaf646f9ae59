import { ListCompositeType } from '@chainsafe/ssz';
import { hasher, Tree } from '@chainsafe/persistent-merkle-tree';
import { equalBytes } from './bytes.js';
import { Genesis } from './genesis.js';
import { uintChunk } from './proved-entry.js';
import { Registry } from './registry.js';
import { ContainerType } from './ssz/container.js';
import { Bytes32, Uint53, type ValueOf } from './ssz/primitives.js';

/** Registries that one export holds at most. */
export const EXPORTED_REGISTRIES_MAX = 64;

/**
 * What somebody who checks evidence offline trusts: the log's id, its registries, of which each header names one by its
 * root, and the one rule of genesis that plans depend on, proved against the log id.
 */
export const RegistryExport = new ContainerType(
  {
    logId: Bytes32,
    /** Genesis' longest time between PREPARE and its deadline, in ms. */
    prepareMsMax: Uint53,
    prepareMsMaxProof: new ListCompositeType(Bytes32, 3),
    registries: new ListCompositeType(Registry, EXPORTED_REGISTRIES_MAX),
  },
  { typeName: 'RegistryExport' },
);
export type RegistryExport = ValueOf<typeof RegistryExport>;

/** Where `prepareMsMax` stands in the tree of genesis: the sixth of its eight fields. */
const PREPARE_MS_MAX_GINDEX = 13;

/** Proves genesis' `prepareMsMax` against the log id: three siblings. */
export const provePrepareMsMax = (genesis: Genesis): Uint8Array[] =>
  new Tree(Genesis.toView(genesis).node).getSingleProof(BigInt(PREPARE_MS_MAX_GINDEX));

/** Whether an export's `prepareMsMax` is that of the genesis whose root is its log id. */
export function verifyPrepareMsMax({ logId, prepareMsMax, prepareMsMaxProof }: RegistryExport): boolean {
  if (prepareMsMaxProof.length !== 3) return false;
  let node = uintChunk(BigInt(prepareMsMax));
  let gindex = PREPARE_MS_MAX_GINDEX;
  for (const sibling of prepareMsMaxProof) {
    node = gindex & 1 ? hasher.digest64(sibling, node) : hasher.digest64(node, sibling);
    gindex >>= 1;
  }
  return equalBytes(node, logId);
}
