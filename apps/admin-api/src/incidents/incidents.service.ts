import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Database } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { decodeCursor, encodeCursor, toPage } from '../schema/page.js';
import type { Incident, IncidentPage, IncidentsQuery } from './incidents.schema.js';

interface IncidentRow {
  id: string;
  at: Date;
  kind: string;
  detail: Record<string, unknown>;
}

const CURSOR = z.tuple([z.string().regex(/^[0-9]{1,19}$/)]);

/** Incidents that the sequencer recorded. */
@Injectable()
export class IncidentsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /** Newest first. */
  async list({
    kind,
    rollup,
    since,
    limit,
    cursor,
  }: z.output<typeof IncidentsQuery>): Promise<z.output<typeof IncidentPage>> {
    const parameters: unknown[] = [];
    const conditions: string[] = [];
    const where = (condition: (parameter: string) => string, value: unknown): void => {
      if (value === undefined) return;
      parameters.push(value);
      conditions.push(condition(`$${parameters.length}`));
    };
    where(
      (at) => `id < ${at}::bigint`,
      cursor === undefined ? undefined : decodeCursor('incidents', cursor, CURSOR)[0],
    );
    where((at) => `kind = ${at}::text`, kind);
    where((at) => `detail @> jsonb_build_object('chainId', ${at}::bigint)`, rollup);
    where((at) => `at >= ${at}::timestamptz`, since);
    const rows = await this.database.query<IncidentRow>(
      `SELECT id, at, kind, detail FROM lockstep.incidents
       ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''} ORDER BY id DESC LIMIT ${limit + 1}`,
      parameters,
    );
    const page = toPage(rows, limit, incidentOf, ({ id }) => encodeCursor('incidents', [id]));
    return { ...page, missing: this.parts.missing() };
  }
}

const incidentOf = ({ id, at, kind, detail }: IncidentRow): z.output<typeof Incident> => ({
  id,
  at: at.toISOString(),
  kind,
  detail,
});
