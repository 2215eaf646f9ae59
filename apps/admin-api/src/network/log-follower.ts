import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { createDataSource, Leadership, LogReader } from '#libs/persistence';
import { EntryKind, equalBytes, logId } from '#libs/protocol';
import type { Logger } from '#libs/runtime';
import type { AdminApiSettings } from '../config.js';
import { Parts } from '../core/parts.js';
import { LOGGER, SETTINGS } from '../core/tokens.js';
import { type ProjectionPlace, Projector } from '../projections/projector.js';
import { LogView } from './log-view.js';

export const LEADER = 'leader';
/** The part that lists depend on. */
export const PROJECTIONS = 'projections';

const IDLE_MS = 200;
const RETRY_MS = 500;
/** Projections that are further behind are said to be missing. */
const BEHIND_BLOCKS_MAX = 100;

/**
 * Follows the log in Postgres: fills the projections, a bounded step at a time, and keeps {@link LogView} true. It has
 * a connection of its own, so that it neither waits for requests nor keeps them waiting.
 */
@Injectable()
export class LogFollower implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly closing = new AbortController();
  private running: Promise<void> | null = null;
  private countedTo = 0;

  constructor(
    @Inject(SETTINGS) private readonly settings: AdminApiSettings,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Parts) private readonly parts: Parts,
    @Inject(LogView) private readonly view: LogView,
  ) {}

  onApplicationBootstrap(): void {
    this.parts.failed(PROJECTIONS, 'not begun yet');
    this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    let source: DataSource | null = null;
    while (!this.closing.signal.aborted) {
      try {
        source ??= await createDataSource(this.settings.DATABASE_URL, {
          applicationName: 'lockstep projections',
          poolSize: 1,
          onError: (err) => this.logger.warn({ err }, 'a database connection failed'),
        });
        const place = await new Projector(source).step();
        await this.refresh(source, place);
        if (!place.hasMore) await this.pause(IDLE_MS);
      } catch (err) {
        this.logger.warn({ err }, 'the log cannot be followed');
        this.parts.failed(PROJECTIONS, (err as Error).message);
        await this.pause(RETRY_MS);
      }
    }
    await source?.destroy();
  }

  private async refresh(source: DataSource, place: ProjectionPlace): Promise<void> {
    const reader = new LogReader(source);
    const head = await reader.head();
    if (!head) return this.parts.failed(PROJECTIONS, 'the log has no genesis yet');
    if (!this.view.genesis || head.number < (this.view.head?.number ?? 0)) await this.begin(reader, place);
    await this.readChanges(source, place);
    this.view.sample(head, await this.countTransactions(source, place.number), performance.now());
    await this.refreshLeader(source);
    const behind = head.number - place.number;
    if (behind <= BEHIND_BLOCKS_MAX) return this.parts.works(PROJECTIONS);
    this.parts.failed(PROJECTIONS, `${behind} blocks behind the log`);
  }

  private async refreshLeader(source: DataSource): Promise<void> {
    const leader = await new Leadership(source).current();
    this.view.leader = leader;
    if (leader.holder !== '' && !leader.isExpired) return this.parts.works(LEADER);
    const reason = leader.holder === '' ? 'nobody leads' : `the lease of epoch ${leader.epoch} has expired`;
    this.parts.failed(LEADER, reason, leader.epoch === 0 ? new Date() : leader.leaseUntil);
  }

  private async begin(reader: LogReader, place: ProjectionPlace): Promise<void> {
    const genesis = await reader.genesis();
    if (!genesis) throw new Error('the log has a head and no genesis');
    if (!this.view.genesis || !equalBytes(logId(this.view.genesis), logId(genesis))) this.countedTo = place.number;
    this.view.begin(genesis);
  }

  /** Changes of the registry that the projections know of and the view does not. */
  private async readChanges(source: DataSource, place: ProjectionPlace): Promise<void> {
    const rows = await source.query<{ sequence: string; block_number: string; timestamp_ms: string; bytes: Buffer }[]>(
      `SELECT e.sequence, e.block_number, b.timestamp_ms, e.bytes FROM lockstep_admin.block_entries AS p
       JOIN lockstep.entries AS e ON e.lane = p.lane
         AND e.lane_sequence BETWEEN p.first_lane_sequence AND p.last_lane_sequence AND e.kind = p.kind
       JOIN lockstep.blocks AS b ON b.number = p.block_number
       WHERE p.kind = ${EntryKind.REGISTRY_CHANGE} AND e.sequence > $1::bigint AND e.sequence <= $2::bigint
         AND p.block_number >= coalesce((SELECT block_number FROM lockstep.entries WHERE sequence = $1::bigint), 0)
       ORDER BY e.sequence`,
      [this.view.changedAt.toString(), place.sequence.toString()],
    );
    for (const row of rows) {
      this.view.apply({
        sequence: BigInt(row.sequence),
        blockNumber: Number(row.block_number),
        timestampMs: Number(row.timestamp_ms),
        bytes: row.bytes,
      });
    }
  }

  private async countTransactions(source: DataSource, to: number): Promise<number> {
    const from = Math.min(this.countedTo, to);
    this.countedTo = to;
    if (from === to) return 0;
    const [row] = await source.query<{ count: string | null }[]>(
      `SELECT sum(entries) AS count FROM lockstep_admin.block_entries
       WHERE kind = ${EntryKind.TRANSACTION} AND block_number > $1::bigint AND block_number <= $2::bigint`,
      [from, to],
    );
    return Number(row?.count ?? 0);
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }
}
