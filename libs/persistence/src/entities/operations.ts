import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asBigInt, asNumber } from './transformers.js';

@Entity({ name: 'operations' })
export class OperationEntity {
  @PrimaryColumn({ name: 'operation_id', type: 'bytea' })
  operationId!: Buffer;

  @Column({ type: 'smallint' })
  kind!: number;

  @Column({ type: 'bytea' })
  series!: Buffer;

  @Column({ type: 'bytea' })
  signer!: Buffer;

  @Column({ type: 'numeric', transformer: asBigInt })
  nonce!: bigint;

  /** SSZ. */
  @Column({ name: 'intent_body', type: 'bytea' })
  intentBody!: Buffer;

  @Column({ name: 'prepare_id', type: 'bytea' })
  prepareId!: Buffer;

  @Column({ name: 'prepare_sequence', type: 'bigint', transformer: asBigInt })
  prepareSequence!: bigint;

  @Column({ name: 'prepare_block', type: 'bigint', transformer: asNumber })
  prepareBlock!: number;

  @Column({ name: 'deadline_ms', type: 'bigint', transformer: asNumber })
  deadlineMs!: number;
}

@Entity({ name: 'decisions' })
export class DecisionEntity {
  @PrimaryColumn({ name: 'operation_id', type: 'bytea' })
  operationId!: Buffer;

  @Column({ type: 'bigint', transformer: asBigInt })
  sequence!: bigint;

  @Column({ name: 'block_number', type: 'bigint', transformer: asNumber })
  blockNumber!: number;

  @Column({ type: 'smallint' })
  outcome!: number;

  @Column({ type: 'smallint' })
  reason!: number;

  @Column({ name: 'timestamp_ms', type: 'bigint', transformer: asNumber })
  timestampMs!: number;
}
