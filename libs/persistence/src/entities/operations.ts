import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asBigInt, asBytes, asNumber } from './transformers.js';

@Entity({ name: 'operations' })
export class OperationEntity {
  @PrimaryColumn({ name: 'operation_id', type: 'bytea', transformer: asBytes })
  operationId!: Uint8Array;

  @Column({ type: 'smallint' })
  kind!: number;

  @Column({ type: 'bytea', transformer: asBytes })
  series!: Uint8Array;

  @Column({ type: 'bytea', transformer: asBytes })
  signer!: Uint8Array;

  @Column({ type: 'numeric', transformer: asBigInt })
  nonce!: bigint;

  /** SSZ. */
  @Column({ name: 'intent_body', type: 'bytea', transformer: asBytes })
  intentBody!: Uint8Array;

  @Column({ name: 'prepare_id', type: 'bytea', transformer: asBytes })
  prepareId!: Uint8Array;

  @Column({ name: 'prepare_sequence', type: 'bigint', transformer: asBigInt })
  prepareSequence!: bigint;

  @Column({ name: 'prepare_block', type: 'bigint', transformer: asNumber })
  prepareBlock!: number;

  @Column({ name: 'deadline_ms', type: 'bigint', transformer: asNumber })
  deadlineMs!: number;
}

@Entity({ name: 'decisions' })
export class DecisionEntity {
  @PrimaryColumn({ name: 'operation_id', type: 'bytea', transformer: asBytes })
  operationId!: Uint8Array;

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
