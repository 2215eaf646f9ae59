import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { bytesToHex, Outcome } from '#libs/protocol';
import { Database } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { NATS } from '../network/executor-watch.js';
import { LeaderReads } from '../network/leader-reads.js';
import { LEADER } from '../network/log-follower.js';
import { LogView } from '../network/log-view.js';
import { ExecutorsService } from '../rollups/executors.service.js';
import type { Overview } from './overview.schema.js';

/** However many ask: it is put together once in this time. */
const FRESH_MS = 500;
const DECIDED_MAX = 500;

/** Of what the leader answers to `status`. */
const LeaderStatus = z.object({ isDraining: z.boolean() });

type View = z.output<typeof Overview>;

/** Everything at a glance. It always answers; what is away is missing. */
@Injectable()
export class OverviewService {
  private newest: { atMs: number; view: Promise<View> } | null = null;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LogView) private readonly view: LogView,
    @Inject(ExecutorsService) private readonly executors: ExecutorsService,
    @Inject(LeaderReads) private readonly leader: LeaderReads,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  current(): Promise<View> {
    const now = performance.now();
    if (!this.newest || now - this.newest.atMs >= FRESH_MS) this.newest = { atMs: now, view: this.compose() };
    return this.newest.view;
  }

  private async compose(): Promise<View> {
    const { head, leader, registry } = this.view;
    const [operations, executors, incidents, intake] = await Promise.all([
      this.operations().catch(() => null),
      this.executors.of(registry?.rollups ?? []),
      this.incidents().catch(() => null),
      this.intake(),
    ]);
    return {
      at: new Date().toISOString(),
      head: head && {
        block: head.number,
        hash: bytesToHex(head.hash),
        timestampMs: head.timestampMs,
        entries: head.lastSequence.toString(),
        ageMs: Math.max(0, Date.now() - head.timestampMs),
      },
      epoch: leader?.epoch ?? head?.epoch ?? null,
      leader:
        leader && leader.holder !== ''
          ? {
              url: leader.url,
              since: leader.startedAt.toISOString(),
              leaseUntil: leader.leaseUntil.toISOString(),
              isExpired: leader.isExpired,
            }
          : null,
      intake,
      rates: this.view.rates(),
      operations,
      executors,
      incidents,
      missing: this.parts.missing(),
    };
  }

  private async operations(): Promise<View['operations']> {
    const [[undecided], decided] = await Promise.all([
      this.database.query<{ count: string }>(`SELECT count(*) FROM lockstep_admin.operations WHERE status = 0`),
      this.database.query<{ status: number; latency_ms: string }>(
        `SELECT status, decided_at_ms - prepared_at_ms AS latency_ms FROM lockstep_admin.operations
         WHERE status <> 0 ORDER BY prepare_sequence DESC LIMIT ${DECIDED_MAX}`,
      ),
    ]);
    const latencies = decided.map((row) => Number(row.latency_ms)).sort((a, b) => a - b);
    const committed = decided.filter(({ status }) => (status as Outcome) === Outcome.commit).length;
    return {
      undecided: Number(undecided!.count),
      decided: decided.length,
      committed,
      aborted: decided.length - committed,
      latencyMs: latencies.length > 0 ? { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) } : null,
    };
  }

  /** Not asked where it cannot answer, so that nobody waits for it. */
  private async intake(): Promise<View['intake']> {
    if (this.parts.missing([NATS, LEADER]).length > 0) return null;
    const asked = await this.leader.ask('status', {});
    const status = LeaderStatus.safeParse('answer' in asked ? asked.answer : null);
    if (!status.success) return null;
    return status.data.isDraining ? 'draining' : 'open';
  }

  private async incidents(): Promise<View['incidents']> {
    const [row] = await this.database.query<{ count: string; open: string; newest: Date | null }>(
      `SELECT count(*), count(*) FILTER (WHERE is_open) AS open, max(at) AS newest FROM (
         (SELECT at, false AS is_open FROM lockstep.incidents ORDER BY id DESC LIMIT 1000) UNION ALL
         (SELECT since, ended IS NULL FROM lockstep_admin.executor_incidents ORDER BY began DESC LIMIT 1000)) AS recent
       WHERE is_open OR at > clock_timestamp() - interval '24 hours'`,
    );
    return { last24h: Number(row!.count), open: Number(row!.open), newest: row!.newest?.toISOString() ?? null };
  }
}

/** The nearest rank. @param sorted ascending, not empty */
export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
