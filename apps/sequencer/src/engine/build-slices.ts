import type { SealedBlock, SealedLane } from '#libs/ordering';
import type { OutgoingSlice } from '#libs/messaging';
import { type LaneSlice, NO_SENDER, proveLanes, Slice } from '#libs/protocol';

/** The slices of a signed block, serialised, one for each rollup. */
export function buildSlices(
  { header, lanes }: Pick<SealedBlock, 'header' | 'lanes'>,
  signature: Uint8Array,
): OutgoingSlice[] {
  const roots = lanes.map(({ root }) => root);
  const proofs = proveLanes(roots, [...lanes.keys()]);
  const laneSlices = lanes.map((lane, index) => laneSlice(lane, index, proofs[index] ?? []));
  const [shared, ...own] = laneSlices;
  if (!shared) throw new RangeError('a block without lanes');
  return own.map((lane) => {
    return { chainId: lane.chainId, bytes: Slice.serialize({ header, signature, shared, own: lane }) };
  });
}

function laneSlice(lane: SealedLane, index: number, proof: Uint8Array[]): LaneSlice {
  return {
    chainId: lane.chainId,
    index,
    firstLaneSequence: lane.firstLaneSequence,
    entries: lane.entries.map(({ sequence, sender, bytes }) => ({ sequence, sender: sender ?? NO_SENDER, bytes })),
    proof,
  };
}
