import type { DataSource } from 'typeorm';
import { SHARED_LANE } from '#libs/protocol';
import type { LoggedEntry } from '../types.js';
import { ENTRY_COLUMNS, entryFromRow, type EntryRow } from './rows.js';

/** An entry of the shared lane with what its block says of it. */
export interface SharedEntry extends LoggedEntry {
  blockHash: Uint8Array;
  /** Log time of its block in ms. */
  timestampMs: number;
}

/**
 * Entries of the shared lane behind a lane sequence, in order: all that a leader has to remember of the log.
 * @param after 0n for the first
 */
export async function readSharedLane(dataSource: DataSource, after: bigint, limit: number): Promise<SharedEntry[]> {
  const rows = await dataSource.query<(EntryRow & { block_hash: Buffer; timestamp_ms: string })[]>(
    `SELECT e.*, b.hash AS block_hash, b.timestamp_ms FROM (
       SELECT ${ENTRY_COLUMNS} FROM lockstep.entries
       WHERE lane = $1::bigint AND lane_sequence > $2::bigint ORDER BY lane_sequence LIMIT $3::integer
     ) AS e JOIN lockstep.blocks AS b ON b.number = e.block_number ORDER BY e.lane_sequence`,
    [SHARED_LANE, after, limit],
  );
  return rows.map((row) => {
    return { ...entryFromRow(row), blockHash: row.block_hash, timestampMs: Number(row.timestamp_ms) };
  });
}
