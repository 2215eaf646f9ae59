import type { Database } from '../core/database.js';
import type { Event } from './event.schema.js';

/**
 * A younger row can be visible before an older one. A gap among the ids is waited for so long, in ms: longer than any
 * statement of a sequencer may take (4 s), so whatever is missing then was never written.
 */
const GAP_MS_MAX = 10_000;
const READ_MAX = 256;
const KEPT_MAX = 1_024;

export interface IncidentRow {
  /** Its number among the incidents of its table, or of their changes. */
  at_id: string;
  id: string;
  at: Date;
  until: Date | null;
  kind: string;
  detail: unknown;
}

export interface IncidentEntry {
  id: bigint;
  event: Event;
}

/** Where incidents are read. */
export interface IncidentSource {
  /** Gives the greatest number, as `id`, that is surely not followed by a smaller one any more; $1: GAP_MS_MAX in s. */
  settledSql: string;
  /** Gives {@link IncidentRow}s with `at_id` greater than $1 in their order, at most $2. */
  afterSql: string;
}

/** What the leader records. */
export const LEADER_INCIDENTS: IncidentSource = {
  settledSql: `SELECT max(id) AS id FROM lockstep.incidents
    WHERE at < clock_timestamp() - make_interval(secs => $1::integer)`,
  afterSql: `SELECT id AS at_id, id, at, NULL AS until, kind, detail FROM lockstep.incidents
    WHERE id > $1::bigint ORDER BY id LIMIT $2::integer`,
};

/** Beginnings and ends of what executors go through; their writers take turns, so none can be visible too late. */
export const EXECUTOR_CHANGES: IncidentSource = {
  settledSql: `SELECT max(greatest(began, ended)) AS id FROM lockstep_admin.executor_incidents
    WHERE $1::integer IS NOT NULL`,
  afterSql: `SELECT at_id, 'e' || began AS id, since AS at, CASE WHEN at_id = ended THEN until END AS until, kind, detail
    FROM (
      SELECT began AS at_id, * FROM lockstep_admin.executor_incidents WHERE began > $1::bigint
      UNION ALL SELECT ended, * FROM lockstep_admin.executor_incidents WHERE ended > $1::bigint
    ) AS changes ORDER BY at_id LIMIT $2::integer`,
};

/** Incidents in the order of their numbers, each once, as they become safe to tell. */
export class IncidentTail {
  /** The newest one that may be told. */
  settled = 0n;
  private isOpen = false;
  private kept: IncidentEntry[] = [];
  private gap: { at: bigint; sinceMs: number } | null = null;

  constructor(
    private readonly database: Database,
    private readonly source: IncidentSource,
  ) {}

  /** Takes in what is new. @param nowMs of the monotonic clock */
  async poll(nowMs: number): Promise<boolean> {
    if (!this.isOpen) await this.open();
    let isNew = false;
    for (const row of await this.read(this.settled)) {
      const id = BigInt(row.at_id);
      if (id !== this.settled + 1n && !this.hasWaited(this.settled + 1n, nowMs)) break;
      this.gap = null;
      this.settled = id;
      this.kept.push(entryOf(row));
      isNew = true;
    }
    if (this.kept.length > KEPT_MAX) this.kept = this.kept.slice(-KEPT_MAX);
    return isNew;
  }

  /** Those behind a number that may be told; some of them where there are many. */
  async after(id: bigint): Promise<IncidentEntry[]> {
    if (id >= this.settled) return [];
    const first = this.kept[0];
    if (first && first.id <= id + 1n) return this.kept.filter((kept) => kept.id > id);
    return (await this.read(id)).map(entryOf).filter((entry) => entry.id <= this.settled);
  }

  /** Begins behind all rows that are surely not followed by an older one any more. */
  private async open(): Promise<void> {
    const [row] = await this.database.query<{ id: string | null }>(this.source.settledSql, [GAP_MS_MAX / 1_000]);
    this.settled = BigInt(row?.id ?? 0);
    this.isOpen = true;
  }

  private hasWaited(missing: bigint, nowMs: number): boolean {
    if (this.gap?.at !== missing) this.gap = { at: missing, sinceMs: nowMs };
    return nowMs - this.gap.sinceMs >= GAP_MS_MAX;
  }

  private read(after: bigint): Promise<IncidentRow[]> {
    return this.database.query<IncidentRow>(this.source.afterSql, [String(after), READ_MAX]);
  }
}

const entryOf = ({ at_id, id, at, until, kind, detail }: IncidentRow): IncidentEntry => ({
  id: BigInt(at_id),
  event: {
    kind: 'incident',
    incidentId: id,
    at: at.toISOString(),
    until: until && until.toISOString(),
    incident: kind,
    detail,
  },
});
