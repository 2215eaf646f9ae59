import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { bytesToHex, OperationKind, Outcome, Reason } from '#libs/protocol';
import { Database } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { decodeCursor, encodeCursor, toPage } from '../schema/page.js';
import { toBuffer } from '../schema/to-json.js';
import type { Operation, OperationPage, OperationsQuery } from './operations.schema.js';

interface OperationRow {
  prepare_sequence: string;
  operation_id: Buffer;
  kind: OperationKind;
  series: Buffer;
  signer: Buffer;
  participants: string[];
  prepare_block: string;
  prepared_at_ms: string;
  deadline_ms: string;
  status: number;
  reason: Reason;
  decision_sequence: string | null;
  decision_block: string | null;
  decided_at_ms: string | null;
}

const CURSOR = z.tuple([z.string().regex(/^[0-9]{1,19}$/)]);
const STATUS = { prepared: 0, committed: Outcome.commit, aborted: Outcome.abort } as const;

/** Lists of operations, from the projections. */
@Injectable()
export class OperationsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /** By PREPARE, newest first. */
  async list(query: z.output<typeof OperationsQuery>): Promise<z.output<typeof OperationPage>> {
    const { sql, parameters } = listQuery(query);
    const rows = await this.database.query<OperationRow>(sql, parameters);
    const page = toPage(rows, query.limit, summary, (last) => encodeCursor('operations', [last.prepare_sequence]));
    return { ...page, missing: this.parts.missing() };
  }
}

function listQuery(query: z.output<typeof OperationsQuery>): { sql: string; parameters: unknown[] } {
  const { kind, status, series, account, reason, cursor, limit } = query;
  const parameters: unknown[] = [];
  const conditions: string[] = [];
  const where = (condition: (parameter: string) => string, value: unknown): void => {
    parameters.push(value);
    conditions.push(condition(`$${parameters.length}`));
  };
  if (cursor !== undefined) {
    const [before] = decodeCursor('operations', cursor, CURSOR);
    // On both, so that the account's index is walked from there.
    where(
      (at) => `o.prepare_sequence < ${at}::bigint${account === undefined ? '' : ` AND a.prepare_sequence < ${at}`}`,
      before,
    );
  }
  if (kind !== undefined) where((at) => `o.kind = ${at}::smallint`, OperationKind[kind as keyof typeof OperationKind]);
  if (status !== undefined) where((at) => `o.status = ${at}::smallint`, STATUS[status]);
  // `reason <> 0` is what the index's own condition says.
  if (reason !== undefined)
    where((at) => `o.reason = ${at}::smallint AND o.reason <> 0`, Reason[reason as keyof typeof Reason]);
  if (series !== undefined) where((at) => `o.series = ${at}::bytea`, toBuffer(series));
  if (account !== undefined) where((at) => `a.account = ${at}::bytea`, toBuffer(account));
  parameters.push(limit + 1);
  const from =
    account === undefined
      ? 'lockstep_admin.operations AS o'
      : 'lockstep_admin.operation_accounts AS a JOIN lockstep_admin.operations AS o USING (prepare_sequence)';
  const order = account === undefined ? 'o.prepare_sequence' : 'a.prepare_sequence';
  return {
    sql: `SELECT o.* FROM ${from} ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
          ORDER BY ${order} DESC LIMIT $${parameters.length}::integer`,
    parameters,
  };
}

export const statusName = (status: number): keyof typeof STATUS =>
  status === 0 ? 'prepared' : (status as Outcome) === Outcome.commit ? 'committed' : 'aborted';

export const reasonName = (reason: Reason): string | null => (reason === Reason.none ? null : Reason[reason]);

const summary = (row: OperationRow): z.output<typeof Operation> => ({
  id: bytesToHex(row.operation_id),
  kind: OperationKind[row.kind],
  status: statusName(row.status),
  reason: reasonName(row.reason),
  series: bytesToHex(row.series),
  signer: bytesToHex(row.signer),
  participants: row.participants.map(Number),
  deadlineMs: Number(row.deadline_ms),
  prepared: {
    block: Number(row.prepare_block),
    sequence: row.prepare_sequence,
    timestampMs: Number(row.prepared_at_ms),
  },
  decided:
    row.decided_at_ms === null
      ? null
      : {
          block: Number(row.decision_block),
          sequence: row.decision_sequence!,
          timestampMs: Number(row.decided_at_ms),
        },
  latencyMs: row.decided_at_ms === null ? null : Number(row.decided_at_ms) - Number(row.prepared_at_ms),
});
