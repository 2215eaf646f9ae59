import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { bytesToHex, findRollup, type Rollup as RegistryRollup } from '#libs/protocol';
import { Database } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { ProblemError } from '../http/problem.js';
import { LogView } from '../network/log-view.js';
import { ExecutorsService } from './executors.service.js';
import type { ExecutorList, Rollup, RollupDetail, RollupList } from './rollups.schema.js';

/** Rollups of the registry and their executors. */
@Injectable()
export class RollupsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LogView) private readonly view: LogView,
    @Inject(ExecutorsService) private readonly executors: ExecutorsService,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  async list(): Promise<z.output<typeof RollupList>> {
    const items = await this.views(this.all());
    return { items, missing: this.parts.missing() };
  }

  /** @throws ProblemError `NOT_FOUND` */
  async find(chainId: number): Promise<z.output<typeof RollupDetail>> {
    const rollup = this.rollup(chainId);
    const [[view], executors] = await Promise.all([this.views([rollup]), this.executors.of([rollup])]);
    return { ...view!, executors, missing: this.parts.missing() };
  }

  async listExecutors(): Promise<z.output<typeof ExecutorList>> {
    return { items: await this.executors.of(this.all()), missing: this.parts.missing() };
  }

  /** @throws ProblemError `NOT_FOUND` */
  async executorsOf(chainId: number): Promise<z.output<typeof ExecutorList>> {
    return { items: await this.executors.of([this.rollup(chainId)]), missing: this.parts.missing() };
  }

  /** A rollup of the registry. @throws ProblemError `NOT_FOUND`, `UNAVAILABLE` before the log was read */
  rollup(chainId: number): RegistryRollup {
    this.all();
    const rollup = findRollup(this.view.registry!, chainId);
    if (!rollup) throw ProblemError.notFound('rollup', String(chainId));
    return rollup;
  }

  private all(): readonly RegistryRollup[] {
    if (!this.view.registry) throw ProblemError.away(this.parts.missing());
    return this.view.registry.rollups;
  }

  private async views(rollups: readonly RegistryRollup[]): Promise<z.output<typeof Rollup>[]> {
    const [lanes, undecided, executors] = await Promise.all([
      this.laneSequences(),
      this.undecided(),
      this.executors.of(rollups),
    ]);
    return rollups.map((rollup) => ({
      chainId: rollup.chainId,
      name: Buffer.from(rollup.name).toString('utf8'),
      votingKey: bytesToHex(rollup.votingKey),
      replicaKeys: rollup.replicaKeys.map(bytesToHex),
      paused: rollup.paused,
      quarantined: rollup.quarantined,
      laneSequence: lanes?.get(rollup.chainId)?.toString() ?? null,
      health: executors.find(({ chainId, role }) => chainId === rollup.chainId && role === 'voting')!.health,
      undecided: undecided ? (undecided.get(rollup.chainId) ?? 0) : null,
    }));
  }

  private laneSequences(): Promise<Map<number, bigint> | null> {
    return this.database.read((reader) => reader.laneHeads()).catch(() => null);
  }

  private async undecided(): Promise<Map<number, number> | null> {
    const rows = await this.database
      .query<{ chain_id: string; count: string }>(
        `SELECT chain_id, count(*) FROM lockstep_admin.operations, unnest(participants) AS chain_id
         WHERE status = 0 GROUP BY chain_id`,
      )
      .catch(() => null);
    return rows && new Map(rows.map((row) => [Number(row.chain_id), Number(row.count)]));
  }
}
