import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type AuditFault, type LoggedAudit, verifyAuditChain } from '#libs/persistence';
import { bytesToHex } from '#libs/protocol';
import { Database } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { decodeCursor, encodeCursor, toPage } from '../schema/page.js';
import type { AuditChain, AuditPage, AuditQuery, AuditRow } from './audit.schema.js';

/** Rows whose hashes one request recomputes at most; the next one goes on from there. */
const VERIFIED_MAX = 2_048;
const VERIFIED_PAGE = 256;
const CURSOR = z.tuple([z.int().min(1)]);

/** The audit log, and whether its hash chain holds (I34). */
@Injectable()
export class AuditService {
  private verified: LoggedAudit | undefined;
  private fault: AuditFault | undefined;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /** Newest first. */
  async list({ limit, cursor }: z.output<typeof AuditQuery>): Promise<z.output<typeof AuditPage>> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor('audit', cursor, CURSOR)[0];
    const rows = await this.database.query<{ id: string } & Record<string, unknown>>(
      `SELECT * FROM lockstep.audit WHERE id < $1::bigint ORDER BY id DESC LIMIT $2::integer`,
      [before, limit + 1],
    );
    const page = toPage(rows, limit, viewOf, ({ id }) => encodeCursor('audit', [Number(id)]));
    return { ...page, chain: await this.verify(), missing: this.parts.missing() };
  }

  /** Goes on from the newest row that was found good; a fault is final. */
  private async verify(): Promise<z.output<typeof AuditChain>> {
    for (let read = 0; read < VERIFIED_MAX && !this.fault; read += VERIFIED_PAGE) {
      const after = this.verified;
      const rows = await this.database.read((reader) => reader.audits((after?.id ?? 0n) + 1n, VERIFIED_PAGE));
      if (this.verified !== after) continue; // Another request was faster.
      this.fault = verifyAuditChain(rows, after);
      const { fault } = this;
      this.verified = (fault ? rows.filter(({ id }) => id < fault.id) : rows).at(-1) ?? after;
      if (rows.length < VERIFIED_PAGE) break;
    }
    return {
      verifiedTo: (this.verified?.id ?? 0n).toString(),
      hash: this.verified ? bytesToHex(this.verified.hash) : null,
      fault: this.fault ? { id: this.fault.id.toString(), fault: this.fault.fault } : null,
    };
  }
}

const viewOf = (row: Record<string, unknown>): z.output<typeof AuditRow> => ({
  id: row.id as string,
  timestampMs: Number(row.at_ms),
  actor: row.actor as string,
  command: row.command as string,
  detail: JSON.parse(row.detail as string),
  block: Number(row.block_number),
  previousHash: bytesToHex(row.previous_hash as Buffer),
  hash: bytesToHex(row.hash as Buffer),
});
