import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { BlockRow, DecisionRow, LoggedEntry, OperationRow } from '#libs/persistence';
import { Decision, entryBody, Prepare, type SignedVote } from '#libs/protocol';
import { Database } from '../core/database.js';
import { executorPart, Parts } from '../core/parts.js';
import { ProblemError } from '../http/problem.js';
import { ExecutorReads } from '../network/executor-reads.js';
import { LeaderReads } from '../network/leader-reads.js';
import { LEADER } from '../network/log-follower.js';
import type { Missing } from '../schema/missing.js';
import { toBuffer } from '../schema/to-json.js';
import { Arrivals, ExecutorRecord } from './executor-record.js';
import { operationDetail } from './operation-detail.js';
import type { OperationDetail } from './operations.schema.js';

/** All that the log says of one operation. */
export interface LoggedOperation {
  row: OperationRow;
  prepare: Prepare;
  block: BlockRow;
  decision: (DecisionRow & { id: Uint8Array; votes: SignedVote[]; auditId: bigint }) | null;
}

/** One operation with all that is known: from the log, its executors and the leader. */
@Injectable()
export class OperationDetailService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ExecutorReads) private readonly executors: ExecutorReads,
    @Inject(LeaderReads) private readonly leader: LeaderReads,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /** @throws ProblemError `NOT_FOUND`, `UNAVAILABLE` */
  async find(id: string): Promise<z.output<typeof OperationDetail>> {
    const logged = await this.logged(toBuffer(id));
    if (!logged) throw ProblemError.notFound('operation', id);
    const { participants } = logged.prepare;
    const [records, arrivals] = await Promise.all([
      Promise.all(participants.map((chainId) => this.record(chainId, id))),
      this.arrivals(id),
    ]);
    const missing = [...this.parts.missing(), ...records.flatMap(({ away }) => away), ...arrivals.away];
    const known = new Map(records.flatMap(({ chainId, record }) => (record ? [[chainId, record] as const] : [])));
    return { ...operationDetail(logged, known, arrivals.atMs), missing: withoutRepetition(missing) };
  }

  private async logged(id: Uint8Array): Promise<LoggedOperation | null> {
    return this.database.read(async (reader) => {
      const row = await reader.operation(id);
      if (!row) return null;
      const decided = await reader.decision(id);
      const [prepareEntry, block, decisionEntry] = await Promise.all([
        reader.entryById(row.prepareId),
        reader.block(row.prepareBlock),
        decided ? reader.entriesFrom(decided.sequence, 1).then(([entry]) => entry) : undefined,
      ]);
      if (!prepareEntry || !block) return null;
      const prepare = Prepare.deserialize(entryBody(prepareEntry.bytes)) as Prepare;
      return { row, prepare, block, decision: decided && decisionEntry ? decisionOf(decided, decisionEntry) : null };
    });
  }

  private async record(
    chainId: number,
    id: string,
  ): Promise<{ chainId: number; record: ExecutorRecord | null; away: Missing[] }> {
    const { result, reason } = await this.executors.read(chainId, 'operation', { id });
    const record = ExecutorRecord.safeParse(result);
    if (record.success) return { chainId, record: record.data, away: [] };
    const why = reason ?? 'it keeps nothing of this operation';
    return {
      chainId,
      record: null,
      away: [{ part: executorPart(chainId), since: new Date().toISOString(), reason: why }],
    };
  }

  private async arrivals(id: string): Promise<{ atMs: Map<number, number>; away: Missing[] }> {
    const asked = await this.leader.ask('operation.arrivals', { id });
    if ('reason' in asked) {
      return { atMs: new Map(), away: [{ part: LEADER, since: new Date().toISOString(), reason: asked.reason }] };
    }
    const { success, data } = Arrivals.safeParse(asked.answer);
    return { atMs: new Map(success ? data.arrivals.map(({ chainId, atMs }) => [chainId, atMs]) : []), away: [] };
  }
}

function decisionOf(row: DecisionRow, entry: LoggedEntry): NonNullable<LoggedOperation['decision']> {
  const { votes, auditId } = Decision.deserialize(entryBody(entry.bytes));
  return { ...row, id: entry.id, votes, auditId };
}

/** What was known to be away before keeps its time and reason. */
function withoutRepetition(missing: readonly Missing[]): Missing[] {
  const parts = new Map<string, Missing>();
  for (const item of missing) if (!parts.has(item.part)) parts.set(item.part, item);
  return [...parts.values()];
}
