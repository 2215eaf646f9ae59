import { ListCompositeType } from '@chainsafe/ssz';
import { hasher, Tree } from '@chainsafe/persistent-merkle-tree';
import { entryId, entryLeaf } from './entry.js';
import { SignedHeader } from './header.js';
import { Lane, LANE_PROOF_LENGTH, verifyLaneProof } from './lane.js';
import { SliceEntry } from './slice.js';
import { ContainerType } from './ssz/container.js';
import { Bytes32, Uint32, Uint53, Uint64, Uint8, type ValueOf } from './ssz/primitives.js';

/** Siblings from a leaf up to the list of a lane's leaves: sixteen levels and the list's length. */
export const LEAF_PROOF_LENGTH = 17;

/** One entry of the log with all that shows that a signed header commits to it: evidence that anyone can keep. */
export const ProvedEntry = new ContainerType(
  {
    signedHeader: SignedHeader,
    entry: SliceEntry,
    /** Whose lane it stands in; 0 for the shared one. */
    chainId: Uint53,
    /** Place of the lane under the header's `lanesRoot`. */
    laneIndex: Uint8,
    /** Lane sequence of the lane's first entry in this block. */
    firstLaneSequence: Uint64,
    /** Place of the entry among those of the lane in this block, from 0. */
    position: Uint32,
    leafProof: new ListCompositeType(Bytes32, LEAF_PROOF_LENGTH),
    laneProof: new ListCompositeType(Bytes32, LANE_PROOF_LENGTH),
  },
  { typeName: 'ProvedEntry' },
);
export type ProvedEntry = ValueOf<typeof ProvedEntry>;

/** All that the log says of one decided operation, for whoever wants to check it offline. */
export const Certificate = new ContainerType(
  {
    prepare: ProvedEntry,
    decision: ProvedEntry,
    /** The price round that PREPARE names; none where no price counts. */
    price: new ListCompositeType(ProvedEntry, 1),
  },
  { typeName: 'Certificate' },
);
export type Certificate = ValueOf<typeof Certificate>;

const LEAVES_PATH = ['leaves'] as const;
const LEVELS = LEAF_PROOF_LENGTH - 1;

/** Proves one leaf of a lane against the list of its leaves. @throws RangeError where the lane has no such leaf */
export function proveLeaf(lane: Lane, position: number): Uint8Array[] {
  if (!(position >= 0 && position < lane.leaves.length)) {
    throw new RangeError(`lane ${lane.chainId} has ${lane.leaves.length} leaves, none at ${position}`);
  }
  const { gindex } = Lane.getPathInfo([...LEAVES_PATH, position]);
  return new Tree(Lane.toView(lane).node).getSingleProof(gindex).slice(0, LEAF_PROOF_LENGTH);
}

/** Whether the header of a proved entry commits to it: from leaf to lane, and from the lane to `lanesRoot`. */
export function verifyEntryProof(proved: ProvedEntry): boolean {
  const { entry, chainId, firstLaneSequence, position, leafProof, laneIndex, laneProof, signedHeader } = proved;
  if (leafProof.length !== LEAF_PROOF_LENGTH || position >= 2 ** LEVELS) return false;
  let node = entryLeaf(entry.sequence, entryId(entry.bytes), entry.sender);
  let place = position;
  for (const sibling of leafProof.slice(0, LEVELS)) {
    node = place & 1 ? hasher.digest64(sibling, node) : hasher.digest64(node, sibling);
    place >>= 1;
  }
  const leaves = hasher.digest64(node, leafProof[LEVELS]!);
  const head = hasher.digest64(uintChunk(BigInt(chainId)), uintChunk(firstLaneSequence));
  const root = hasher.digest64(head, hasher.digest64(leaves, new Uint8Array(32)));
  return verifyLaneProof(root, laneIndex, laneProof, signedHeader.header.lanesRoot);
}

/** An unsigned integer of at most 64 bits as SSZ hashes it: little-endian in 32 bytes. */
export function uintChunk(value: bigint): Uint8Array {
  const chunk = new Uint8Array(32);
  new DataView(chunk.buffer).setBigUint64(0, value, true);
  return chunk;
}
