import type { EntryKind } from '#libs/protocol';

/** Rows of a projected block that a page can need besides those it fills itself with: 65 lanes, twice. */
const LANES_ROWS = 130;

const COLUMNS = 'e.sequence, e.block_number, e.lane, e.lane_sequence, e.kind, e.id, e.sender, e.nonce';
/** With the log time of each entry's block. */
const select = (from: string): string =>
  `SELECT r.*, b.timestamp_ms FROM (${from}) AS r JOIN lockstep.blocks AS b ON b.number = r.block_number
   ORDER BY r.sequence DESC`;

export interface SqlQuery {
  sql: string;
  parameters: unknown[];
}

/** The newest entries of all lanes below a sequence. */
export const newestEntries = (before: bigint, limit: number): SqlQuery => ({
  sql: select(`SELECT ${COLUMNS} FROM lockstep.entries AS e WHERE e.sequence < $1::bigint
               ORDER BY e.sequence DESC LIMIT $2::integer`),
  parameters: [before.toString(), limit],
});

/** The newest entries of a lane below a lane sequence. */
export const entriesOfLane = (lane: number, before: bigint, limit: number): SqlQuery => ({
  sql: select(`SELECT ${COLUMNS} FROM lockstep.entries AS e WHERE e.lane = $1::bigint AND e.lane_sequence < $2::bigint
               ORDER BY e.lane_sequence DESC LIMIT $3::integer`),
  parameters: [lane, before.toString(), limit],
});

export interface EntryFilter {
  lane?: number | undefined;
  kind?: EntryKind | undefined;
  sender?: Buffer | undefined;
}

/** The newest entries of a block below a sequence. */
export const entriesOfBlock = (block: number, filter: EntryFilter, before: bigint, limit: number): SqlQuery => ({
  // Its range is found first, so that nothing but an index scan over it can be the plan.
  sql: select(`SELECT ${COLUMNS} FROM lockstep.entries AS e
               WHERE e.sequence >= (SELECT first_sequence FROM lockstep.blocks WHERE number = $1::bigint)
                 AND e.sequence < (SELECT least($2::bigint, first_sequence + entry_count)
                                   FROM lockstep.blocks WHERE number = $1::bigint)
                 AND ($3::bigint IS NULL OR e.lane = $3::bigint) AND ($4::smallint IS NULL OR e.kind = $4::smallint)
                 AND ($5::bytea IS NULL OR e.sender = $5::bytea)
               ORDER BY e.sequence DESC LIMIT $6::integer`),
  parameters: [block, before.toString(), filter.lane ?? null, filter.kind ?? null, filter.sender ?? null, limit],
});

/**
 * The newest entries of a kind below a sequence, of one lane or of all. The projection says where they are: as many of
 * its rows are read as it takes to fill the page, whole blocks at a time, and of the log those entries alone.
 * @param beforeBlock the block of `before`; its entries do not count, since any number of them may be above
 */
export const entriesOfKind = (
  kind: EntryKind,
  lane: number | undefined,
  before: bigint,
  beforeBlock: number,
  limit: number,
): SqlQuery => ({
  sql: select(`SELECT ${COLUMNS} FROM (
                 SELECT *, coalesce(sum(CASE WHEN block_number = $4::bigint THEN 0 ELSE entries END)
                   OVER (ORDER BY block_number DESC GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS newer
                 FROM (SELECT * FROM lockstep_admin.block_entries
                       WHERE kind = $1::smallint ${lane === undefined ? '' : 'AND lane = $6::bigint'}
                         AND block_number <= $4::bigint
                       ORDER BY block_number DESC LIMIT $5::integer + ${LANES_ROWS}) AS newest
               ) AS p
               CROSS JOIN LATERAL (
                 SELECT * FROM lockstep.entries AS own
                 WHERE own.lane = p.lane AND own.kind = $2::smallint AND own.sequence < $3::bigint
                   AND own.lane_sequence BETWEEN p.first_lane_sequence AND p.last_lane_sequence
                 ORDER BY own.lane_sequence DESC LIMIT $5::integer) AS e
               WHERE p.newer < $5::integer ORDER BY e.sequence DESC LIMIT $5::integer`),
  parameters: [kind, kind, before.toString(), beforeBlock, limit, ...(lane === undefined ? [] : [lane])],
});

/**
 * The newest transactions of an account. On each rollup they stand in the order of their nonces, for which the log has
 * an index; the rollups' runs are merged.
 * @param before for each rollup the nonce below which to look; null: from the newest on
 */
export const entriesOfSender = (
  sender: Buffer,
  before: ReadonlyMap<number, bigint | null>,
  limit: number,
): SqlQuery => ({
  sql: select(`SELECT e.* FROM unnest($1::bigint[], $2::bigint[]) AS q(chain_id, before)
               CROSS JOIN LATERAL (
                 SELECT ${COLUMNS} FROM lockstep.entries AS e
                 WHERE e.kind = 1 AND e.lane = q.chain_id AND e.sender = $3::bytea
                   AND e.nonce < coalesce(q.before, 9223372036854775807)
                 ORDER BY e.nonce DESC LIMIT $4::integer) AS e
               ORDER BY e.sequence DESC LIMIT $4::integer`),
  parameters: [[...before.keys()], [...before.values()].map((nonce) => nonce?.toString() ?? null), sender, limit],
});
