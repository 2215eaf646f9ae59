import { type EntryKind, Header } from '#libs/protocol';
import { type BlockEntity } from '../entities/index.js';
import { plainBytes, toNumber } from '../entities/transformers.js';
import { type BlockRow, type Head, type LoggedEntry } from '../types.js';

export const HEAD_SQL = 'SELECT epoch, number, hash, last_sequence, timestamp_ms FROM lockstep.head';

export interface HeadRow {
  epoch: string;
  number: string;
  hash: Buffer;
  last_sequence: string;
  timestamp_ms: string;
}

export const headFromRow = (row: HeadRow): Head => ({
  epoch: toNumber(row.epoch),
  number: toNumber(row.number),
  hash: plainBytes(row.hash),
  lastSequence: BigInt(row.last_sequence),
  timestampMs: toNumber(row.timestamp_ms),
});

export const ENTRY_COLUMNS = 'sequence, block_number, lane, lane_sequence, kind, id, sender, nonce, bytes';

/** A row of {@link ENTRY_COLUMNS}. Entries are read in bulk, where TypeORM's hydration would take most of the time. */
export interface EntryRow {
  sequence: string;
  block_number: string;
  lane: string;
  lane_sequence: string;
  kind: EntryKind;
  id: Buffer;
  sender: Buffer | null;
  nonce: string | null;
  bytes: Buffer;
}

export const entryFromRow = (row: EntryRow): LoggedEntry => ({
  sequence: BigInt(row.sequence),
  blockNumber: toNumber(row.block_number),
  lane: toNumber(row.lane),
  laneSequence: BigInt(row.lane_sequence),
  kind: row.kind,
  id: plainBytes(row.id),
  sender: row.sender && plainBytes(row.sender),
  nonce: row.nonce === null ? null : BigInt(row.nonce),
  bytes: plainBytes(row.bytes),
});

export function blockFromEntity(entity: BlockEntity): BlockRow {
  const { laneRoots, laneFirstSequences, laneEntryCounts } = entity;
  return {
    number: entity.number,
    header: Header.deserialize(entity.header),
    hash: entity.hash,
    signature: entity.signature,
    lanes: entity.laneChainIds.map((chainId, index) => ({
      chainId,
      firstLaneSequence: laneFirstSequences[index]!,
      entryCount: laneEntryCounts[index]!,
      root: laneRoots.subarray(32 * index, 32 * (index + 1)),
    })),
  };
}
