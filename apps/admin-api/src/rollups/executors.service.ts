import { Inject, Injectable } from '@nestjs/common';
import { bytesToHex, type Rollup as RegistryRollup } from '#libs/protocol';
import { Database } from '../core/database.js';
import { type ExecutorStatus, ExecutorWatch } from '../network/executor-watch.js';
import { LogView } from '../network/log-view.js';
import type { ExecutorView } from './rollups.schema.js';

/** A status comes once a second, and a block at least: two of each may just have been missed. */
const LAGGING_MS = 3_000;

interface RootRow {
  chain_id: string;
  signer: Buffer;
  number: string;
  root: Buffer;
  sequence: string;
  timestamp_ms: string;
}

/** Executors by the keys of the registry, with what they last said. */
@Injectable()
export class ExecutorsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LogView) private readonly view: LogView,
    @Inject(ExecutorWatch) private readonly watch: ExecutorWatch,
  ) {}

  /** Voting executors and replicas of these rollups. Without Postgres what the log says of them is left out. */
  async of(rollups: readonly RegistryRollup[]): Promise<ExecutorView[]> {
    const keys = rollups.flatMap(({ chainId, votingKey, replicaKeys }) => [
      { chainId, role: 'voting' as const, key: bytesToHex(votingKey) },
      ...replicaKeys.map((key) => ({ chainId, role: 'replica' as const, key: bytesToHex(key) })),
    ]);
    // Once, before the log is asked: a status that comes meanwhile may be of a block that was not asked for.
    const known = keys.map((key) => ({ ...key, seen: this.watch.find(key.chainId, key.key) }));
    const numbers = known.flatMap(({ seen }) => seen?.status.number ?? []);
    const [roots, timestamps] = await Promise.all([this.roots(), this.timestamps(numbers)]);
    return known.map(({ chainId, role, key, seen }): ExecutorView => {
      const status = seen?.status;
      const lag = status ? this.lag(status.number, timestamps) : null;
      const root = roots.get(`${chainId}:${key}`);
      return {
        chainId,
        role,
        key,
        health: this.health({ chainId, role, key }, status?.state, lag),
        state: status?.state ?? null,
        halted: status?.halted
          ? { code: status.halted.code, message: status.halted.message, block: status.halted.number }
          : null,
        seenAt: seen?.seenAt.toISOString() ?? null,
        block: status?.number ?? null,
        blockHash: status?.hash ?? null,
        laneSequences: status?.laneSequences ?? null,
        lag,
        stateRoot:
          status && status.stateRoot !== null && status.rootNumber !== null
            ? { block: status.rootNumber, root: status.stateRoot }
            : null,
        loggedStateRoot: root ?? null,
        clock: status?.clock ?? [],
        version: status?.version ?? null,
      };
    });
  }

  /** @param key in lower case */
  private health(
    { chainId, role, key }: Pick<ExecutorView, 'chainId' | 'role' | 'key'>,
    state: ExecutorStatus['state'] | undefined,
    lag: ExecutorView['lag'],
  ): ExecutorView['health'] {
    if (state === undefined) return role === 'replica' ? 'unknown' : 'silent';
    if (this.watch.silentSince(chainId, key)) return 'silent';
    if (state !== 'following') return state;
    return (lag?.ms ?? 0) > LAGGING_MS ? 'lagging' : 'healthy';
  }

  /** A status can be newer than what we have read of the log: that is no lag. */
  private lag(number: number, timestamps: ReadonlyMap<number, number>): ExecutorView['lag'] {
    const { head, genesis } = this.view;
    if (!head) return null;
    if (number >= head.number) return { blocks: 0, ms: 0 };
    const at = number === 0 ? genesis?.startTimeMs : timestamps.get(number);
    return at === undefined ? null : { blocks: head.number - number, ms: Math.max(0, head.timestampMs - at) };
  }

  private async timestamps(numbers: readonly number[]): Promise<Map<number, number>> {
    const rows = await this.ask<{ number: string; timestamp_ms: string }>(
      'SELECT number, timestamp_ms FROM lockstep.blocks WHERE number = ANY($1::bigint[])',
      [[...new Set(numbers)]],
    );
    return new Map(rows.map((row) => [Number(row.number), Number(row.timestamp_ms)]));
  }

  private async roots(): Promise<Map<string, NonNullable<ExecutorView['loggedStateRoot']>>> {
    const rows = await this.ask<RootRow>('SELECT * FROM lockstep_admin.state_roots', []);
    return new Map(
      rows.map((row) => [
        `${row.chain_id}:${bytesToHex(row.signer)}`,
        {
          block: Number(row.number),
          root: bytesToHex(row.root),
          sequence: row.sequence,
          timestampMs: Number(row.timestamp_ms),
        },
      ]),
    );
  }

  /** Nothing, where Postgres is away; the answer says that it is. */
  private ask<T>(sql: string, parameters: unknown[]): Promise<T[]> {
    return this.database.query<T>(sql, parameters).catch(() => []);
  }
}
