import { type DataSource } from 'typeorm';
import { DecisionEntity, OperationEntity } from '../entities/index.js';
import { plainBytes, toNumber } from '../entities/transformers.js';
import { type DecisionRow, type OperationRow, type UndecidedOperation } from '../types.js';

interface UndecidedRow {
  operation_id: Buffer;
  prepare_bytes: Buffer;
  block_hash: Buffer;
  block_timestamp_ms: string;
}

/** Reads operations across rollups and their decisions. */
export class OperationReader {
  constructor(protected readonly dataSource: DataSource) {}

  /** By its EIP-712 digest. */
  async operation(id: Uint8Array): Promise<OperationRow | undefined> {
    const row = await this.dataSource.getRepository(OperationEntity).findOneBy({ operationId: id });
    return row ?? undefined;
  }

  /** The one operation that has used up a signer's nonce, whatever became of it. */
  async operationBySignerNonce(signer: Uint8Array, nonce: bigint): Promise<OperationRow | undefined> {
    const repository = this.dataSource.getRepository(OperationEntity);
    return (await repository.findOneBy({ signer, nonce })) ?? undefined;
  }

  /** An operation's decision, if there is one yet. */
  async decision(id: Uint8Array): Promise<DecisionRow | undefined> {
    const row = await this.dataSource.getRepository(DecisionEntity).findOneBy({ operationId: id });
    return row ?? undefined;
  }

  /** Every operation without a decision, in the order of their PREPAREs, with what the relay needs to go on. */
  async undecided(): Promise<UndecidedOperation[]> {
    const rows = await this.dataSource.query<UndecidedRow[]>(
      `SELECT o.operation_id, e.bytes AS prepare_bytes, b.hash AS block_hash, b.timestamp_ms AS block_timestamp_ms
       FROM lockstep.operations AS o
       JOIN lockstep.entries AS e ON e.sequence = o.prepare_sequence
       JOIN lockstep.blocks AS b ON b.number = o.prepare_block
       WHERE NOT EXISTS (SELECT FROM lockstep.decisions AS d WHERE d.operation_id = o.operation_id)
       ORDER BY o.prepare_sequence`,
    );
    const operations = await Promise.all(rows.map((row) => this.operation(row.operation_id)));
    return rows.map((row, index) => ({
      ...operations[index]!,
      prepareBytes: plainBytes(row.prepare_bytes),
      prepareBlockHash: plainBytes(row.block_hash),
      prepareBlockTimestampMs: toNumber(row.block_timestamp_ms),
    }));
  }
}
