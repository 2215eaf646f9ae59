import { Between, MoreThanOrEqual } from 'typeorm';
import { Genesis, logId, type Slice } from '#libs/protocol';
import { AuditEntity, BlockEntity, GenesisEntity } from '../entities/index.js';
import { type BlockRow, type Head, type LoggedAudit, type LoggedEntry } from '../types.js';
import { packBytes, packInt8 } from './binary-arrays.js';
import { OperationReader } from './operation-reader.js';
import { readSlices } from './read-slices.js';
import {
  blockFromEntity,
  ENTRY_COLUMNS,
  entryFromRow,
  type EntryRow,
  HEAD_SQL,
  type HeadRow,
  headFromRow,
} from './rows.js';

/** Blocks that one call gives at most. */
export const BLOCKS_READ_MAX = 1024;
/** Audit rows that one call gives at most. */
export const AUDITS_READ_MAX = 256;

/** Where a transaction of `sender` would stand. */
export interface NonceQuery {
  chainId: number;
  sender: Uint8Array;
}

/** Reads the log from a pool. Nothing it gives ever changes, except the head. */
export class LogReader extends OperationReader {
  /** The newest durable block and the epoch in force; undefined before genesis. */
  async head(): Promise<Head | undefined> {
    const [row] = await this.dataSource.query<HeadRow[]>(HEAD_SQL);
    return row && headFromRow(row);
  }

  /** Block 0; undefined as long as nobody has inserted it. */
  async genesis(): Promise<Genesis | undefined> {
    const entity = await this.dataSource.getRepository(GenesisEntity).findOneBy({ singleton: true });
    return entity ? Genesis.deserialize(entity.body) : undefined;
  }

  /**
   * Begins the log with block 0 and a head at number 0, whose hash is the log id. The first writer wins.
   *
   * @returns the genesis that the log has: compare its {@link logId} with the one that was given
   */
  async insertGenesis(genesis: Genesis): Promise<Genesis> {
    await this.dataSource.query(
      `WITH first AS (
         INSERT INTO lockstep.genesis (log_id, body) VALUES ($1::bytea, $2::bytea) ON CONFLICT DO NOTHING RETURNING log_id
       )
       INSERT INTO lockstep.head (epoch, number, hash, last_sequence, timestamp_ms)
       SELECT 0, 0, log_id, 0, $3::bigint FROM first`,
      [logId(genesis), Genesis.serialize(genesis), genesis.startTimeMs],
    );
    const stored = await this.genesis();
    if (!stored) throw new Error('genesis was inserted and cannot be read');
    return stored;
  }

  /** Blocks `from` to `to`, both included, as far as they exist; at most {@link BLOCKS_READ_MAX}. */
  async blocks(from: number, to: number): Promise<BlockRow[]> {
    const entities = await this.dataSource.getRepository(BlockEntity).find({
      where: { number: Between(from, Math.min(to, from + BLOCKS_READ_MAX - 1)) },
      order: { number: 'ASC' },
    });
    return entities.map(blockFromEntity);
  }

  /** The block at a height of 1 or more. */
  async block(number: number): Promise<BlockRow | undefined> {
    const entity = await this.dataSource.getRepository(BlockEntity).findOneBy({ number });
    return entity ? blockFromEntity(entity) : undefined;
  }

  /** The block with a hash of 32 bytes. */
  async blockByHash(hash: Uint8Array): Promise<BlockRow | undefined> {
    const entity = await this.dataSource.getRepository(BlockEntity).findOneBy({ hash });
    return entity ? blockFromEntity(entity) : undefined;
  }

  /**
   * What a rollup's follower gets from block `from` on (at least 1), with proofs: at most `limit` slices, and no more
   * than serialise to `bytesMax` bytes, but at least one where there is a block. Blocks from before the rollup was
   * registered have no lane of it; whether it ever was is not looked at.
   */
  async slices(chainId: number, from: number, limit: number, bytesMax: number): Promise<Slice[]> {
    const blocks = await this.blocks(from, from + limit - 1);
    return readSlices(this.dataSource, chainId, blocks, bytesMax);
  }

  /** The entry with an id of 32 bytes: a transaction's hash, or the keccak of any other entry's bytes. */
  async entryById(id: Uint8Array): Promise<LoggedEntry | undefined> {
    const [entry] = await this.#entries('id = $1::bytea', [id]);
    return entry;
  }

  /** A block's entries by sequence; of one lane only (0: shared) where given. None for a block that does not exist. */
  async entriesOfBlock(number: number, lane?: number): Promise<LoggedEntry[]> {
    const range = `sequence >= (SELECT first_sequence FROM lockstep.blocks WHERE number = $1::bigint)
      AND sequence < (SELECT first_sequence + entry_count FROM lockstep.blocks WHERE number = $1::bigint)`;
    if (lane === undefined) return this.#entries(range, [number]);
    return this.#entries(`${range} AND lane = $2::bigint`, [number, lane]);
  }

  /** Up to `limit` entries of all lanes from a global sequence on, for an audit. */
  async entriesFrom(sequence: bigint, limit: number): Promise<LoggedEntry[]> {
    return this.#entries('sequence >= $1::bigint AND sequence < $1::bigint + $2::bigint', [sequence, limit]);
  }

  /** The next nonce of each sender on each rollup, in the order asked: the highest in the log and one, or 0. */
  async nextNonces(queries: readonly NonceQuery[]): Promise<bigint[]> {
    const rows = await this.dataSource.query<{ next: string }[]>(
      `SELECT coalesce((SELECT max(e.nonce) + 1 FROM lockstep.entries AS e
                        WHERE e.kind = 1 AND e.lane = q.lane AND e.sender = q.sender), 0) AS next
       FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS q(lane, sender, place) ORDER BY place`,
      [packInt8(queries.map((query) => query.chainId)), packBytes(queries.map((query) => query.sender))],
    );
    return rows.map((row) => BigInt(row.next));
  }

  /** The newest lane sequence of each lane by chain id (0: shared); 0n for a lane without entries. Empty before block 1. */
  async laneHeads(): Promise<Map<number, bigint>> {
    const entity = await this.dataSource.getRepository(BlockEntity).findOne({ where: {}, order: { number: 'DESC' } });
    const lanes = entity ? blockFromEntity(entity).lanes : [];
    return new Map(lanes.map((lane) => [lane.chainId, lane.firstLaneSequence + BigInt(lane.entryCount) - 1n]));
  }

  /** The newest row of the audit log, which the next one follows; undefined before the first. */
  async lastAudit(): Promise<LoggedAudit | undefined> {
    const entity = await this.dataSource.getRepository(AuditEntity).findOne({ where: {}, order: { id: 'DESC' } });
    return entity ?? undefined;
  }

  /** Up to `limit` audit rows from an id on, in their order; at most {@link AUDITS_READ_MAX}. */
  async audits(from: bigint, limit: number): Promise<LoggedAudit[]> {
    return this.dataSource.getRepository(AuditEntity).find({
      where: { id: MoreThanOrEqual(from) },
      order: { id: 'ASC' },
      take: Math.min(limit, AUDITS_READ_MAX),
    });
  }

  /** Entries of the shared lane from a lane sequence on, in order. */
  async sharedEntries(from: bigint, limit: number): Promise<LoggedEntry[]> {
    return this.#entries('lane = 0 AND lane_sequence >= $1::bigint AND lane_sequence < $1::bigint + $2::bigint', [
      from,
      limit,
    ]);
  }

  /** Audit rows that were written with the blocks `from` to `to`, both included, in their order. */
  async auditsOfBlocks(from: number, to: number): Promise<LoggedAudit[]> {
    return this.dataSource.getRepository(AuditEntity).find({
      where: { blockNumber: Between(from, to) },
      order: { id: 'ASC' },
    });
  }

  async #entries(condition: string, parameters: unknown[]): Promise<LoggedEntry[]> {
    const rows = await this.dataSource.query<EntryRow[]>(
      `SELECT ${ENTRY_COLUMNS} FROM lockstep.entries WHERE ${condition} ORDER BY sequence`,
      parameters,
    );
    return rows.map(entryFromRow);
  }
}
