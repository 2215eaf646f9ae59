import { type DataSource } from 'typeorm';

/**
 * Keeps something that people should look into, for ever.
 *
 * @param kind a stable name, as in `conflicting_votes`
 * @param detail JSON: numbers beyond 2^53 as decimal strings, bytes as hex
 */
export async function recordIncident(
  dataSource: DataSource,
  kind: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await dataSource.query('INSERT INTO lockstep.incidents (kind, detail) VALUES ($1::text, $2::jsonb)', [
    kind,
    JSON.stringify(detail),
  ]);
}

/** Kind of the incidents that {@link newestDisputes} reads; their detail has `chainId` and `logTimeMs`. */
export const DIFFERING_ROOTS = 'differing_roots';

/** Of each rollup the newest time at which its executors' roots were seen to differ, in ms of log time. */
export async function newestDisputes(dataSource: DataSource): Promise<{ chainId: number; logTimeMs: number }[]> {
  const rows = await dataSource.query<{ chain_id: string; log_time_ms: string }[]>(
    `SELECT detail->>'chainId' AS chain_id, max((detail->>'logTimeMs')::bigint) AS log_time_ms
     FROM lockstep.incidents WHERE kind = $1::text AND detail ? 'logTimeMs' GROUP BY 1`,
    [DIFFERING_ROOTS],
  );
  return rows.map((row) => ({ chainId: Number(row.chain_id), logTimeMs: Number(row.log_time_ms) }));
}
