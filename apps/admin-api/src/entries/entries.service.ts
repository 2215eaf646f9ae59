import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { bytesToHex, EntryKind, isShared, SHARED_LANE } from '#libs/protocol';
import { Database } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { ProblemError } from '../http/problem.js';
import { LogView } from '../network/log-view.js';
import { decodeCursor, encodeCursor, toPage } from '../schema/page.js';
import { toBuffer } from '../schema/to-json.js';
import type { EntriesQuery, Entry, EntryDetail, EntryPage } from './entries.schema.js';
import { entryContent } from './entry-content.js';
import { entryKindName, entryKindOf } from './entry-kinds.js';
import {
  entriesOfBlock,
  entriesOfKind,
  entriesOfLane,
  entriesOfSender,
  newestEntries,
  type SqlQuery,
} from './entry-queries.js';

interface EntryRow {
  sequence: string;
  block_number: string;
  timestamp_ms: string;
  lane: string;
  lane_sequence: string;
  kind: EntryKind;
  id: Buffer;
  sender: Buffer | null;
  nonce: string | null;
}

/** Larger than any sequence. */
const END = 2n ** 63n - 1n;
const sequenceText = z.string().regex(/^[0-9]{1,19}$/);
/** Sequence, block and lane sequence of the last entry of a page. */
const CURSOR = z.tuple([sequenceText, z.int().min(0), sequenceText]);
/** Of an account's transactions: chain id and nonce, alternately, of the oldest one given so far of each rollup. */
const SENDER_CURSOR = z.array(z.union([z.int(), sequenceText])).max(2 * 64);

type Query = z.output<typeof EntriesQuery>;

/** Entries of the log. */
@Injectable()
export class EntriesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LogView) private readonly view: LogView,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /** Newest first. */
  async list(query: Query): Promise<z.output<typeof EntryPage>> {
    const page = await this.page(query);
    return { ...page, missing: this.parts.missing() };
  }

  /** @param which a sequence or an id. @throws ProblemError `NOT_FOUND` */
  async find(which: string): Promise<z.output<typeof EntryDetail>> {
    const column = which.startsWith('0x') ? 'id = $1::bytea' : 'sequence = $1::bigint';
    const [row] = await this.database.query<EntryRow & { bytes: Buffer }>(
      `SELECT e.*, b.timestamp_ms FROM lockstep.entries AS e JOIN lockstep.blocks AS b ON b.number = e.block_number
       WHERE e.${column}`,
      [which.startsWith('0x') ? toBuffer(which) : which],
    );
    if (!row) throw ProblemError.notFound('entry', which);
    return { ...summary(row), bytes: bytesToHex(row.bytes), content: entryContent(row.kind, row.bytes) };
  }

  private async page(query: Query): Promise<{ items: z.output<typeof Entry>[]; nextCursor: string | null }> {
    const { hash, sender, kind: kindName, rollup: lane, block, limit } = query;
    const kind = kindName === undefined ? undefined : entryKindOf(kindName);
    if (contradicts(lane, kind, sender)) return { items: [], nextCursor: null };
    if (hash !== undefined) return { items: await this.byHash(hash, query, kind), nextCursor: null };
    if (sender !== undefined && block === undefined) return this.bySender(toBuffer(sender), lane, query);
    const at = query.cursor === undefined ? null : decodeCursor('entries', query.cursor, CURSOR);
    const before = at ? BigInt(at[0]) : END;
    const beforeBlock = at ? at[1] : Number.MAX_SAFE_INTEGER;
    const rows = await this.rows(
      block !== undefined
        ? entriesOfBlock(
            block,
            { lane, kind, sender: sender === undefined ? undefined : toBuffer(sender) },
            before,
            limit + 1,
          )
        : kind !== undefined
          ? entriesOfKind(kind, lane, before, beforeBlock, limit + 1)
          : lane !== undefined
            ? entriesOfLane(lane, at ? BigInt(at[2]) : END, limit + 1)
            : newestEntries(before, limit + 1),
    );
    return toPage(rows, limit, summary, (last) =>
      encodeCursor('entries', [last.sequence, Number(last.block_number), last.lane_sequence]),
    );
  }

  private async byHash(hash: string, query: Query, kind: EntryKind | undefined): Promise<z.output<typeof Entry>[]> {
    const rows = await this.rows({
      sql: `SELECT e.*, b.timestamp_ms FROM lockstep.entries AS e JOIN lockstep.blocks AS b ON b.number = e.block_number
            WHERE e.id = $1::bytea`,
      parameters: [toBuffer(hash)],
    });
    return rows
      .map(summary)
      .filter(
        (entry) =>
          (query.rollup === undefined || entry.lane === query.rollup) &&
          (kind === undefined || entry.kind === query.kind) &&
          (query.block === undefined || entry.block === query.block) &&
          (query.sender === undefined || entry.sender === query.sender.toLowerCase()),
      );
  }

  private async bySender(sender: Buffer, lane: number | undefined, { limit, cursor }: Query) {
    const chainIds = lane === undefined ? (this.view.registry?.rollups ?? []).map(({ chainId }) => chainId) : [lane];
    const given = cursor === undefined ? [] : decodeCursor('transactions', cursor, SENDER_CURSOR);
    const before = new Map<number, bigint | null>(chainIds.map((chainId) => [chainId, null]));
    for (let at = 0; at + 1 < given.length; at += 2) before.set(Number(given[at]), BigInt(given[at + 1]!));
    const rows = await this.rows(entriesOfSender(sender, before, limit + 1));
    return toPage(rows, limit, summary, () => {
      for (const { lane: chainId, nonce } of rows.slice(0, limit)) before.set(Number(chainId), BigInt(nonce!));
      const known = [...before].filter(([, nonce]) => nonce !== null);
      return encodeCursor(
        'transactions',
        known.flatMap(([chainId, nonce]) => [chainId, nonce!.toString()]),
      );
    });
  }

  private rows({ sql, parameters }: SqlQuery): Promise<EntryRow[]> {
    return this.database.query<EntryRow>(sql, parameters);
  }
}

/** Whether nothing can be all of this: only transactions have a sender, and each kind has its place. */
function contradicts(lane: number | undefined, kind: EntryKind | undefined, sender: string | undefined): boolean {
  if (sender !== undefined && (lane === SHARED_LANE || (kind ?? EntryKind.TRANSACTION) !== EntryKind.TRANSACTION)) {
    return true;
  }
  return lane !== undefined && kind !== undefined && isShared(kind) !== (lane === SHARED_LANE);
}

const summary = (row: EntryRow): z.output<typeof Entry> => ({
  sequence: row.sequence,
  block: Number(row.block_number),
  timestampMs: Number(row.timestamp_ms),
  lane: Number(row.lane),
  laneSequence: row.lane_sequence,
  kind: entryKindName(row.kind),
  id: bytesToHex(row.id),
  sender: row.sender && bytesToHex(row.sender),
  nonce: row.nonce,
});
