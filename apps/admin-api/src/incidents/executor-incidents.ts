import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../core/database.js';
import type { ExecutorHealth, ExecutorView } from '../rollups/rollups.schema.js';

/** What of an executor's health people should look into, and how the incident is called. */
export const EXECUTOR_INCIDENTS = {
  silent: 'silent_executor',
  regressed: 'regressed_executor',
  disputed: 'disputed_executor',
  halted: 'halted_executor',
} as const satisfies Partial<Record<ExecutorHealth, string>>;

/** Ended incidents that are kept at least, the newest ones. */
const KEPT_MIN = 10_000;
/** A prune takes out so many at once, so that it is rare. */
const PRUNE_EACH = 1_000;

/** An incident that has not ended. */
export interface OpenIncident {
  began: string;
  chainId: number;
  key: string;
  kind: string;
  since: Date;
}

export interface NewIncident extends Omit<OpenIncident, 'began'> {
  detail: Record<string, unknown>;
}

/** What is to be written. */
export interface IncidentChanges {
  begin: NewIncident[];
  end: OpenIncident[];
}

/**
 * What has begun and what has ended, by how executors are now.
 *
 * ```
 *  (sound) ──silent──► silent_executor ──heard──► ended      the same for regressed, disputed, halted; these wait
 *                                                            until the executor is heard, since a silent one does
 *                                                            not say how it is
 * ```
 * An executor whose key the registry has no longer has no incidents.
 * @param silentSince since when a silent one is
 */
export function incidentChanges(
  open: readonly OpenIncident[],
  executors: readonly ExecutorView[],
  silentSince: (executor: ExecutorView) => Date,
  now: Date,
): IncidentChanges {
  const changes: IncidentChanges = { begin: [], end: [] };
  for (const executor of executors) {
    const { chainId, key, role, health, block, halted } = executor;
    const kind = (EXECUTOR_INCIDENTS as Partial<Record<ExecutorHealth, string>>)[health];
    if (kind === undefined || open.some((one) => isOf(one, executor) && one.kind === kind)) continue;
    const since = health === 'silent' ? silentSince(executor) : now;
    changes.begin.push({ chainId, key, kind, since, detail: { chainId, key, role, block, halted } });
  }
  changes.end = open.filter((one) => {
    const executor = executors.find((other) => isOf(one, other));
    if (!executor) return true;
    if (executor.health === 'silent' || executor.health === 'unknown') return false;
    return one.kind !== (EXECUTOR_INCIDENTS as Partial<Record<ExecutorHealth, string>>)[executor.health];
  });
  return changes;
}

const isOf = (incident: OpenIncident, { chainId, key }: ExecutorView): boolean =>
  incident.chainId === chainId && incident.key === key;

/** Keeps the incidents of executors in the API's own schema. */
@Injectable()
export class ExecutorIncidents {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** @throws ProblemError when Postgres is away */
  async open(): Promise<OpenIncident[]> {
    const rows = await this.database.query<{
      began: string;
      chain_id: string;
      key: string;
      kind: string;
      since: Date;
    }>(`SELECT began, chain_id, key, kind, since FROM lockstep_admin.executor_incidents WHERE ended IS NULL`);
    return rows.map(({ chain_id, ...row }) => ({ ...row, chainId: Number(chain_id) }));
  }

  /** Writes changes; what another process was faster with is left as it is. @throws ProblemError */
  async write({ begin, end }: IncidentChanges, now: Date): Promise<void> {
    await this.database.use((source) =>
      source.transaction(async (manager) => {
        // Writers take turns, so that numbers have no gaps and are visible in their order; readers do not wait.
        await manager.query('LOCK TABLE lockstep_admin.executor_incidents IN SHARE ROW EXCLUSIVE MODE');
        for (const { chainId, key, kind, since, detail } of begin) {
          await manager.query(
            `INSERT INTO lockstep_admin.executor_incidents (began, chain_id, key, kind, since, detail)
             SELECT ${NEXT}, $1::bigint, $2::text, $3::text, $4::timestamptz, $5::jsonb ON CONFLICT DO NOTHING`,
            [chainId, key, kind, since, JSON.stringify(detail)],
          );
        }
        for (const { began } of end) {
          await manager.query(
            `UPDATE lockstep_admin.executor_incidents SET ended = ${NEXT}, until = greatest(since, $2::timestamptz)
             WHERE began = $1::bigint AND ended IS NULL`,
            [began, now],
          );
        }
        if (end.length > 0) await prune(manager);
      }),
    );
  }
}

const NEXT = `(SELECT 1 + coalesce(max(greatest(began, ended)), 0) FROM lockstep_admin.executor_incidents)`;

/** Takes out the oldest of those that have ended, where there are far more than are kept. */
async function prune(manager: EntityManager): Promise<void> {
  const [row] = await manager.query<{ count: string }[]>(
    'SELECT count(*) FROM lockstep_admin.executor_incidents WHERE ended IS NOT NULL',
  );
  const excess = Number(row!.count) - KEPT_MIN;
  if (excess < PRUNE_EACH) return;
  await manager.query(
    `DELETE FROM lockstep_admin.executor_incidents WHERE began IN (
       SELECT began FROM lockstep_admin.executor_incidents WHERE ended IS NOT NULL ORDER BY began LIMIT $1::integer)`,
    [excess],
  );
}
