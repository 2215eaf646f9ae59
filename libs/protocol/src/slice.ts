import { ByteListType, ListCompositeType } from '@chainsafe/ssz';
import { ENTRY_BYTES_MAX, LANE_ENTRIES_MAX, SLICE_BYTES_MAX } from './constants.js';
import { Header } from './header.js';
import { LANE_PROOF_LENGTH } from './lane.js';
import { ContainerType } from './ssz/container.js';
import { Address, Bytes32, Signature, Uint32, Uint53, Uint64, Uint8, type ValueOf } from './ssz/primitives.js';

export const SliceEntry = new ContainerType(
  { sequence: Uint64, sender: Address, bytes: new ByteListType(ENTRY_BYTES_MAX) },
  { typeName: 'SliceEntry' },
);
export type SliceEntry = ValueOf<typeof SliceEntry>;

/** One lane of one block with the proof that the header commits to it, empty or not. */
export const LaneSlice = new ContainerType(
  {
    chainId: Uint53,
    /** Place of the lane under the header's `lanesRoot`. */
    index: Uint8,
    firstLaneSequence: Uint64,
    entries: new ListCompositeType(SliceEntry, LANE_ENTRIES_MAX),
    proof: new ListCompositeType(Bytes32, LANE_PROOF_LENGTH),
  },
  { typeName: 'LaneSlice' },
);
export type LaneSlice = ValueOf<typeof LaneSlice>;

/**
 * What stands in place of a rollup's own lane in its slices of blocks from before it was registered: such a block has no lane
 * of it, as the header's registry root says.
 */
export const absentLane = (chainId: number): LaneSlice => ({
  chainId,
  index: 0,
  firstLaneSequence: 1n,
  entries: [],
  proof: [],
});

/** What a rollup's subscriber receives of a block: the signed header, the shared lane and its own. */
export const Slice = new ContainerType(
  { header: Header, signature: Signature, shared: LaneSlice, own: LaneSlice },
  { typeName: 'Slice' },
);
export type Slice = ValueOf<typeof Slice>;

/**
 * A request for replay on `feed.replay.<chainId>`. Blocks: `from` ≥ 1, at most `limit` of them.
 * Genesis: `from` = 0, the part that begins at byte `offset`.
 */
export const ReplayRequest = new ContainerType(
  { from: Uint53, limit: Uint32, offset: Uint32 },
  { typeName: 'ReplayRequest' },
);
export type ReplayRequest = ValueOf<typeof ReplayRequest>;

/** The answer: as many serialised slices as fit from `from` on, in order; or one part of the serialised genesis. */
export const ReplayResponse = new ContainerType(
  {
    /** Number of the newest durable block. */
    head: Uint53,
    slices: new ListCompositeType(new ByteListType(SLICE_BYTES_MAX), 1024),
    /** Size of the serialised genesis in bytes; 0 when blocks were asked for. */
    genesisBytes: Uint32,
    genesisPart: new ByteListType(SLICE_BYTES_MAX),
  },
  { typeName: 'ReplayResponse' },
);
export type ReplayResponse = ValueOf<typeof ReplayResponse>;
