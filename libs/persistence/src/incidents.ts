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
