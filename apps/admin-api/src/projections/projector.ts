import type { DataSource } from 'typeorm';
import { EntryKind } from '#libs/protocol';
import { type ProjectedEntry, projectionRows } from './projection-rows.js';
import { writeRows } from './write-rows.js';

/** Blocks and entries that one step takes in at most; a single block may have more entries. */
const BLOCKS_MAX = 512;
const ENTRIES_MAX = 5_000;

/** The block up to which the projections hold what the log says. */
export interface ProjectionPlace {
  number: number;
  sequence: bigint;
}

interface BlockRow {
  number: string;
  hash: Buffer;
  first_sequence: string;
  entry_count: number;
  timestamp_ms: string;
}

/**
 * Takes the log into the projections, step by step, each step in one transaction with its cursor. Several processes may
 * do it at once: the cursor's row makes them take turns.
 */
export class Projector {
  /** @param source may write the schema `lockstep_admin` */
  constructor(private readonly source: DataSource) {}

  /**
   * Takes in the next blocks, and begins anew where the cursor's block is no longer in the log (a restore).
   * @returns where it stands, and whether the log had more
   */
  async step(): Promise<ProjectionPlace & { hasMore: boolean }> {
    return this.source.transaction(async (manager) => {
      const run = <T>(sql: string, parameters: unknown[] = []): Promise<T[]> => manager.query<T[]>(sql, parameters);
      const cursor = await this.cursor(run);
      const blocks = withinBounds(
        await run<BlockRow>(
          `SELECT number, hash, first_sequence, entry_count, timestamp_ms FROM lockstep.blocks
           WHERE number > $1::bigint ORDER BY number LIMIT ${BLOCKS_MAX}`,
          [cursor.number],
        ),
      );
      const last = blocks.at(-1);
      if (!last) return { ...cursor, hasMore: false };
      const sequence = BigInt(last.first_sequence) + BigInt(last.entry_count) - 1n;
      if (sequence > cursor.sequence) await this.take(run, cursor.sequence + 1n, sequence, blocks);
      await run(
        `UPDATE lockstep_admin.projection SET block_number = $1::bigint, block_hash = $2, sequence = $3::bigint`,
        [last.number, last.hash, sequence.toString()],
      );
      return { number: Number(last.number), sequence, hasMore: true };
    });
  }

  private async cursor(run: <T>(sql: string, parameters?: unknown[]) => Promise<T[]>): Promise<ProjectionPlace> {
    const [row] = await run<{ block_number: string; sequence: string; is_in_log: boolean }>(
      `SELECT p.block_number, p.sequence, p.block_number = 0 OR EXISTS (
         SELECT FROM lockstep.blocks AS b WHERE b.number = p.block_number AND b.hash = p.block_hash) AS is_in_log
       FROM lockstep_admin.projection AS p FOR UPDATE OF p`,
    );
    if (row?.is_in_log) return { number: Number(row.block_number), sequence: BigInt(row.sequence) };
    for (const table of ['projection', 'block_entries', 'operations', 'operation_accounts', 'prices', 'state_roots']) {
      await run(`DELETE FROM lockstep_admin.${table}`);
    }
    // Where another process inserts it at the same time, one of the two fails and tries again.
    await run(`INSERT INTO lockstep_admin.projection (block_number, block_hash, sequence) VALUES (0, '', 0)`);
    return { number: 0, sequence: 0n };
  }

  private async take(
    run: <T>(sql: string, parameters?: unknown[]) => Promise<T[]>,
    from: bigint,
    to: bigint,
    blocks: readonly BlockRow[],
  ): Promise<void> {
    const range = [from.toString(), to.toString()];
    await run(
      `INSERT INTO lockstep_admin.block_entries
         (kind, block_number, lane, entries, first_lane_sequence, last_lane_sequence)
       SELECT kind, block_number, lane, count(*), min(lane_sequence), max(lane_sequence) FROM lockstep.entries
       WHERE sequence BETWEEN $1::bigint AND $2::bigint GROUP BY kind, block_number, lane`,
      range,
    );
    const timestamps = new Map(blocks.map((block) => [block.number, Number(block.timestamp_ms)]));
    const entries = await run<{ sequence: string; block_number: string; kind: EntryKind; bytes: Buffer }>(
      `SELECT sequence, block_number, kind, bytes FROM lockstep.entries
       WHERE sequence BETWEEN $1::bigint AND $2::bigint AND kind <> ${EntryKind.TRANSACTION} ORDER BY sequence`,
      range,
    );
    const projected = entries.map(({ sequence, block_number, kind, bytes }): ProjectedEntry => {
      const timestampMs = timestamps.get(block_number)!;
      return { sequence: BigInt(sequence), blockNumber: Number(block_number), timestampMs, kind, bytes };
    });
    await writeRows(run, projectionRows(projected));
  }
}

function withinBounds(blocks: readonly BlockRow[]): BlockRow[] {
  let entries = 0;
  return blocks.filter(({ entry_count }, index) => (entries += entry_count) <= ENTRIES_MAX || index === 0);
}
