import { type DataSource } from 'typeorm';
import { Genesis, type Header } from '#libs/protocol';
import { BlockEntity, DecisionEntity, GenesisEntity, OperationEntity } from '../entities/index.js';
import { toNumber } from '../entities/transformers.js';
import { type DecisionRow, type LoggedAudit, type LoggedEntry, type OperationRow } from '../types.js';
import { packBytes, packInt8 } from './binary-arrays.js';
import { LogReader } from './log-reader.js';
import { blockFromEntity } from './rows.js';

/** A block with every column that says something of it, as stored. */
export interface RawBlock {
  number: number;
  hash: Uint8Array;
  epoch: number;
  timestampMs: number;
  firstSequence: bigint;
  entryCount: number;
  header: Header;
  signature: Uint8Array;
  lanes: { chainId: number; firstLaneSequence: bigint; entryCount: number; root: Uint8Array }[];
}

/** How many rows there are, up to a block. */
export interface RowCounts {
  blocks: number;
  entries: number;
  operations: number;
  decisions: number;
}

/** Reads all that Postgres has of a log, redundant columns included, to be compared with its bytes. */
export class AuditReader {
  private readonly log: LogReader;

  constructor(private readonly dataSource: DataSource) {
    this.log = new LogReader(dataSource);
  }

  head(): ReturnType<LogReader['head']> {
    return this.log.head();
  }

  async genesis(): Promise<{ genesis: Genesis; storedLogId: Uint8Array } | undefined> {
    const entity = await this.dataSource.getRepository(GenesisEntity).findOneBy({ singleton: true });
    return entity ? { genesis: Genesis.deserialize(entity.body), storedLogId: entity.logId } : undefined;
  }

  /** Blocks stored under numbers above `after`, ascending, at most `limit` and up to `last`. */
  async blocks(after: number, last: number, limit: number): Promise<RawBlock[]> {
    const entities = await this.dataSource
      .getRepository(BlockEntity)
      .createQueryBuilder('block')
      .where('block.number > :after AND block.number <= :last', { after, last })
      .orderBy('block.number')
      .limit(limit)
      .getMany();
    return entities.map((entity) => {
      const { epoch, timestampMs, firstSequence, entryCount } = entity;
      return { ...blockFromEntity(entity), epoch, timestampMs, firstSequence, entryCount };
    });
  }

  /** Entries with sequences from `first` to before `end`, ascending. */
  entries(first: bigint, end: bigint): Promise<LoggedEntry[]> {
    return this.log.entriesFrom(first, Number(end - first));
  }

  /** Rows of these operations, by their ids; in any order. */
  operations(ids: readonly Uint8Array[]): Promise<OperationRow[]> {
    return this.byIds(OperationEntity, ids);
  }

  /** Decisions on these operations, likewise. */
  decisions(ids: readonly Uint8Array[]): Promise<DecisionRow[]> {
    return this.byIds(DecisionEntity, ids);
  }

  /** Audit rows from an id on. */
  audits(from: bigint, limit: number): Promise<LoggedAudit[]> {
    return this.log.audits(from, limit);
  }

  /** Blocks that audit rows of these ids were written with. */
  async auditBlocks(ids: readonly bigint[]): Promise<Map<bigint, { block: number; command: string }>> {
    const rows = await this.dataSource.query<{ id: string; block_number: string; command: string }[]>(
      'SELECT id, block_number, command FROM lockstep.audit WHERE id = ANY($1::bigint[])',
      [packInt8([...ids])],
    );
    return new Map(rows.map((row) => [BigInt(row.id), { block: toNumber(row.block_number), command: row.command }]));
  }

  /** How many rows the tables have, up to and with a block and a sequence. */
  async counts(block: number, sequence: bigint): Promise<RowCounts> {
    const [row] = await this.dataSource.query<Record<keyof RowCounts, string>[]>(
      `SELECT (SELECT count(*) FROM lockstep.blocks WHERE number <= $1::bigint) AS blocks,
              (SELECT count(*) FROM lockstep.entries WHERE sequence <= $2::bigint) AS entries,
              (SELECT count(*) FROM lockstep.operations WHERE prepare_block <= $1::bigint) AS operations,
              (SELECT count(*) FROM lockstep.decisions WHERE block_number <= $1::bigint) AS decisions`,
      [block, sequence],
    );
    const { blocks, entries, operations, decisions } = row!;
    return {
      blocks: Number(blocks),
      entries: Number(entries),
      operations: Number(operations),
      decisions: Number(decisions),
    };
  }

  private byIds<T extends { operationId: Uint8Array }>(entity: new () => T, ids: readonly Uint8Array[]): Promise<T[]> {
    return this.dataSource
      .getRepository(entity)
      .createQueryBuilder('row')
      .where('row.operation_id = ANY(:ids::bytea[])', { ids: packBytes([...ids]) })
      .getMany();
  }
}
