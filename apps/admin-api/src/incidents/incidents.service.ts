import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Database } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { decodeCursor, encodeCursor, toPage } from '../schema/page.js';
import type { Incident, IncidentPage, IncidentsQuery } from './incidents.schema.js';

interface IncidentRow {
  id: string;
  /** Whose numbers `id` is of. */
  source: 'leader' | 'executors';
  at: Date;
  until: Date | null;
  kind: string;
  detail: Record<string, unknown>;
}

type Query = z.output<typeof IncidentsQuery>;

const place = z.string().regex(/^[0-9]{1,19}$/);
/** The last incident given so far, of the leader's and of those of executors. */
const CURSOR = z.tuple([place, place]);
const END = '9223372036854775807';

/** Incidents that the leader recorded, and what executors went through. */
@Injectable()
export class IncidentsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /**
   * Newest first: both lists in the order of their own numbers, merged by time. A page knows where each of them stood,
   * so that none is given twice or left out, whatever the clocks say.
   */
  async list(query: Query): Promise<z.output<typeof IncidentPage>> {
    const { limit, cursor } = query;
    const before = cursor === undefined ? ([END, END] as const) : decodeCursor('incidents', cursor, CURSOR);
    const [leader, executors] = await Promise.all([
      this.rows(LEADER_SQL, before[0], query),
      this.rows(EXECUTORS_SQL, before[1], query),
    ]);
    const rows = merge(leader, executors).slice(0, limit + 1);
    const page = toPage(rows, limit, incidentOf, () => {
      const given = rows.slice(0, limit);
      const last = (source: IncidentRow['source'], otherwise: string): string =>
        given.findLast((row) => row.source === source)?.id ?? otherwise;
      return encodeCursor('incidents', [last('leader', before[0]), last('executors', before[1])]);
    });
    return { ...page, missing: this.parts.missing() };
  }

  private rows(sql: string, before: string, { kind, rollup, since, limit }: Query): Promise<IncidentRow[]> {
    return this.database.query<IncidentRow>(sql, [
      ...[before, kind ?? null, rollup === undefined ? null : String(rollup), since ?? null],
      limit + 1,
    ]);
  }
}

const LEADER_SQL = `SELECT id, 'leader' AS source, at, NULL AS until, kind, detail FROM lockstep.incidents
  WHERE id < $1::bigint AND ($2::text IS NULL OR kind = $2::text)
    AND ($3::text IS NULL OR detail->>'chainId' = $3::text)
    AND ($4::timestamptz IS NULL OR at >= $4::timestamptz)
  ORDER BY id DESC LIMIT $5::integer`;

const EXECUTORS_SQL = `SELECT began AS id, 'executors' AS source, since AS at, until, kind, detail
  FROM lockstep_admin.executor_incidents
  WHERE began < $1::bigint AND ($2::text IS NULL OR kind = $2::text)
    AND ($3::text IS NULL OR chain_id = $3::text::bigint)
    AND ($4::timestamptz IS NULL OR since >= $4::timestamptz)
  ORDER BY began DESC LIMIT $5::integer`;

/** Two lists into one: the one whose next item is newer goes first. */
function merge(left: readonly IncidentRow[], right: readonly IncidentRow[]): IncidentRow[] {
  const merged: IncidentRow[] = [];
  for (let l = 0, r = 0; l < left.length || r < right.length;) {
    const isLeft = r >= right.length || (l < left.length && left[l]!.at >= right[r]!.at);
    merged.push(isLeft ? left[l++]! : right[r++]!);
  }
  return merged;
}

const incidentOf = ({ id, source, at, until, kind, detail }: IncidentRow): z.output<typeof Incident> => ({
  id: source === 'executors' ? `e${id}` : id,
  at: at.toISOString(),
  until: until && until.toISOString(),
  kind,
  detail,
});
