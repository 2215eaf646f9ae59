import { ListCompositeType } from '@chainsafe/ssz';
import { Tree, hasher } from '@chainsafe/persistent-merkle-tree';
import { equalBytes } from './bytes.js';
import { LANE_ENTRIES_MAX, ROLLUPS_MAX } from './constants.js';
import { sszRoot } from './hashing.js';
import { ContainerType } from './ssz/container.js';
import { Bytes32, Uint53, Uint64, type ValueOf } from './ssz/primitives.js';

/** What a lane's root covers: whose lane it is, where it starts and the leaves of its entries in order. */
export const Lane = new ContainerType(
  { chainId: Uint53, firstLaneSequence: Uint64, leaves: new ListCompositeType(Bytes32, LANE_ENTRIES_MAX) },
  { typeName: 'Lane' },
);
export type Lane = ValueOf<typeof Lane>;

/** The roots of a block's lanes: lane 0 is the shared one, lane i belongs to the i-th rollup of the registry. */
export const LaneRoots = new ListCompositeType(Bytes32, 2 * ROLLUPS_MAX);

/** Siblings of a lane's proof, from the lane up: seven levels of the list and its length. */
export const LANE_PROOF_LENGTH = 8;

/** SSZ root of a lane, 32 bytes. */
export const laneRoot = (lane: Lane): Uint8Array => sszRoot(Lane, lane);

/** SSZ root over all lanes of a block: the header's `lanesRoot`. */
export const lanesRoot = (roots: Uint8Array[]): Uint8Array => sszRoot(LaneRoots, roots);

/** Proves the lanes of `indexes` against {@link lanesRoot}: for each the siblings from the lane up. */
export function proveLanes(roots: Uint8Array[], indexes: number[]): Uint8Array[][] {
  const tree = new Tree(LaneRoots.toView(roots).node);
  return indexes.map((index) => tree.getSingleProof(laneGindex(index)));
}

/** Whether `root` stands at `index` under the header's `lanesRoot`. */
export function verifyLaneProof(root: Uint8Array, index: number, proof: Uint8Array[], lanesRoot: Uint8Array): boolean {
  if (proof.length !== LANE_PROOF_LENGTH || !Number.isInteger(index) || index < 0 || index > ROLLUPS_MAX) return false;
  let node = root;
  let gindex = laneGindex(index);
  for (const sibling of proof) {
    node = gindex & 1n ? hasher.digest64(sibling, node) : hasher.digest64(node, sibling);
    gindex >>= 1n;
  }
  return equalBytes(node, lanesRoot);
}

const laneGindex = (index: number): bigint => BigInt(2 ** LANE_PROOF_LENGTH + index);
