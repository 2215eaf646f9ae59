import { type DataSource } from 'typeorm';
import {
  absentLane,
  Header,
  LANE_PROOF_LENGTH,
  NO_SENDER,
  proveLanes,
  SHARED_LANE,
  type Slice,
  type SliceEntry,
} from '#libs/protocol';
import { plainBytes } from '../entities/transformers.js';
import { type BlockRow, type LaneRow } from '../types.js';

/** Serialised size of a {@link SliceEntry} besides its bytes: offset in the list, sequence, sender, offset of the bytes. */
const ENTRY_OVERHEAD_BYTES = 4 + 8 + 20 + 4;
/** Of a lane: chain id, index, first sequence, two offsets, proof. */
const LANE_OVERHEAD_BYTES = 8 + 1 + 8 + 4 + 4 + 32 * LANE_PROOF_LENGTH;
/** Serialised size of a slice without entries. */
export const EMPTY_SLICE_BYTES = (Header.fixedSize as number) + 65 + 4 + 4 + 2 * LANE_OVERHEAD_BYTES;

interface SliceEntryRow {
  lane: string;
  sequence: string;
  sender: Buffer | null;
  bytes: Buffer;
}

/**
 * Assembles one rollup's slices of consecutive blocks: as many as fit into `bytesMax` when serialised, at least one.
 * One query for all entries, whose rows are found by their lane's range of lane sequences.
 *
 * @param blocks ascending, without a gap; those from before the rollup was registered have no lane of it
 */
export async function readSlices(
  dataSource: DataSource,
  chainId: number,
  blocks: readonly BlockRow[],
  bytesMax: number,
): Promise<Slice[]> {
  const wanted = takeWhileRoom(blocks, chainId, bytesMax);
  if (wanted.length === 0) return [];
  const rows = await readEntries(dataSource, chainId, wanted, bytesMax);
  const shared = rows.filter((row) => row.lane === String(SHARED_LANE));
  const own = rows.filter((row) => row.lane !== String(SHARED_LANE));
  const slices: Slice[] = [];
  const next = { shared: 0, own: 0 };
  let bytes = 0;
  for (const block of wanted) {
    const [sharedLane, ownLane] = lanesOf(block, chainId);
    const sharedRows = shared.slice(next.shared, next.shared + sharedLane.entryCount);
    const ownRows = own.slice(next.own, next.own + ownLane.entryCount);
    // The query stopped before this block.
    if (sharedRows.length < sharedLane.entryCount || ownRows.length < ownLane.entryCount) break;
    bytes += EMPTY_SLICE_BYTES + sizeOf(sharedRows) + sizeOf(ownRows);
    if (bytes > bytesMax && slices.length > 0) break;
    slices.push(sliceOf(block, chainId, sharedRows, ownRows));
    next.shared += sharedRows.length;
    next.own += ownRows.length;
  }
  return slices;
}

/** The blocks that might fit if every entry were empty, so that no query looks at more rows than could be used. */
function takeWhileRoom(blocks: readonly BlockRow[], chainId: number, bytesMax: number): readonly BlockRow[] {
  let bytes = 0;
  const end = blocks.findIndex((block) => {
    const [shared, own] = lanesOf(block, chainId);
    bytes += EMPTY_SLICE_BYTES + ENTRY_OVERHEAD_BYTES * (shared.entryCount + own.entryCount);
    return bytes > bytesMax;
  });
  return end === -1 ? blocks : blocks.slice(0, Math.max(1, end));
}

/** Entries of both lanes by sequence, cut after the last block with which they stay within `bytesMax`. */
async function readEntries(
  dataSource: DataSource,
  chainId: number,
  blocks: readonly BlockRow[],
  bytesMax: number,
): Promise<SliceEntryRow[]> {
  const [firstShared, firstOwn] = lanesOf(blocks[0]!, chainId);
  const [lastShared, lastOwn] = lanesOf(blocks.at(-1)!, chainId);
  return dataSource.query<SliceEntryRow[]>(
    `SELECT lane, sequence, sender, bytes FROM (
       SELECT *, sum(octet_length(bytes) + ${ENTRY_OVERHEAD_BYTES}) OVER (ORDER BY block_number) AS bytes_to_here
       FROM (
         SELECT lane, sequence, block_number, sender, bytes FROM lockstep.entries
         WHERE lane = ${SHARED_LANE} AND lane_sequence >= $1::bigint AND lane_sequence < $2::bigint
         UNION ALL
         SELECT lane, sequence, block_number, sender, bytes FROM lockstep.entries
         WHERE lane = $3::bigint AND lane_sequence >= $4::bigint AND lane_sequence < $5::bigint
       ) AS both_lanes
     ) AS sized
     WHERE bytes_to_here <= $6::bigint OR block_number = $7::bigint
     ORDER BY sequence`,
    [
      firstShared.firstLaneSequence,
      endOf(lastShared),
      chainId,
      firstOwn.firstLaneSequence,
      endOf(lastOwn),
      bytesMax,
      blocks[0]!.number,
    ],
  );
}

function sliceOf(block: BlockRow, chainId: number, shared: SliceEntryRow[], own: SliceEntryRow[]): Slice {
  const ownIndex = block.lanes.findIndex((lane) => lane.chainId === chainId);
  const [sharedLane, ownLane] = lanesOf(block, chainId);
  const proofs = proveLanes(
    block.lanes.map((lane) => lane.root),
    ownIndex < 0 ? [0] : [0, ownIndex],
  );
  const laneSlice = (lane: LaneRow, index: number, rows: SliceEntryRow[], proof: Uint8Array[]) => ({
    chainId: lane.chainId,
    index,
    firstLaneSequence: lane.firstLaneSequence,
    entries: rows.map(entryOf),
    proof,
  });
  return {
    header: block.header,
    signature: block.signature,
    shared: laneSlice(sharedLane, 0, shared, proofs[0]!),
    own: ownIndex < 0 ? absentLane(chainId) : laneSlice(ownLane, ownIndex, own, proofs[1]!),
  };
}

/** The shared lane, which is always the first, and the rollup's own: an empty one from before it was registered. */
function lanesOf(block: BlockRow, chainId: number): [shared: LaneRow, own: LaneRow] {
  if (chainId === SHARED_LANE) throw new RangeError('the shared lane is no rollup');
  const own = block.lanes.find((lane) => lane.chainId === chainId);
  return [block.lanes[0]!, own ?? { chainId, firstLaneSequence: 1n, entryCount: 0, root: new Uint8Array(32) }];
}

const endOf = (lane: LaneRow): bigint => lane.firstLaneSequence + BigInt(lane.entryCount);

const entryOf = (row: SliceEntryRow): SliceEntry => ({
  sequence: BigInt(row.sequence),
  sender: row.sender ? plainBytes(row.sender) : NO_SENDER,
  bytes: plainBytes(row.bytes),
});

const sizeOf = (rows: readonly SliceEntryRow[]): number =>
  rows.reduce((sum, row) => sum + ENTRY_OVERHEAD_BYTES + row.bytes.length, 0);
