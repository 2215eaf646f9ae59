import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { BlockRow } from '#libs/persistence';
import { bytesToHex, Header } from '#libs/protocol';
import { Database } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { ProblemError } from '../http/problem.js';
import { decodeCursor, encodeCursor, toPage } from '../schema/page.js';
import { toBuffer } from '../schema/to-json.js';
import type { Block, BlockDetail, BlockPage, BlocksQuery } from './blocks.schema.js';

const CURSOR = z.tuple([z.int().min(0)]);

/** Blocks of the log. */
@Injectable()
export class BlocksService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /** Newest first. */
  async list({ limit, cursor }: z.output<typeof BlocksQuery>): Promise<z.output<typeof BlockPage>> {
    const [before] = cursor === undefined ? [Number.MAX_SAFE_INTEGER] : decodeCursor('blocks', cursor, CURSOR);
    const rows = await this.database.query<{ header: Buffer; hash: Buffer }>(
      `SELECT header, hash FROM lockstep.blocks WHERE number < $1::bigint ORDER BY number DESC LIMIT $2::integer`,
      [before, limit + 1],
    );
    const blocks = rows.map(({ header, hash }) => ({ header: Header.deserialize(header), hash }));
    const page = toPage(blocks, limit, summary, ({ header }) => encodeCursor('blocks', [header.number]));
    return { ...page, missing: this.parts.missing() };
  }

  /** @param which a number or a hash. @throws ProblemError `NOT_FOUND` */
  async find(which: string): Promise<z.output<typeof BlockDetail>> {
    const block = await this.database.read((reader) =>
      which.startsWith('0x') ? reader.blockByHash(toBuffer(which)) : reader.block(Number(which)),
    );
    if (!block) throw ProblemError.notFound('block', which);
    return detail(block);
  }
}

function summary({ header, hash }: Pick<BlockRow, 'header' | 'hash'>): z.output<typeof Block> {
  return {
    number: header.number,
    hash: bytesToHex(hash),
    parentHash: bytesToHex(header.parentHash),
    epoch: header.epoch,
    timestampMs: header.timestamp,
    firstSequence: header.firstSequence.toString(),
    entryCount: header.entryCount,
    leader: bytesToHex(header.leader),
  };
}

const detail = (block: BlockRow): z.output<typeof BlockDetail> => ({
  ...summary(block),
  version: block.header.version,
  lanesRoot: bytesToHex(block.header.lanesRoot),
  registryRoot: bytesToHex(block.header.registryRoot),
  signature: bytesToHex(block.signature),
  lanes: block.lanes.map(({ chainId, firstLaneSequence, entryCount, root }) => ({
    chainId,
    firstLaneSequence: firstLaneSequence.toString(),
    entryCount,
    root: bytesToHex(root),
  })),
});
