import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asBigInt, asBytes, asNumber } from './transformers.js';

@Entity({ name: 'audit' })
export class AuditEntity {
  @PrimaryColumn({ type: 'bigint', transformer: asBigInt })
  id!: bigint;

  @Column({ name: 'at_ms', type: 'bigint', transformer: asNumber })
  atMs!: number;

  @Column({ type: 'text' })
  actor!: string;

  @Column({ type: 'text' })
  command!: string;

  /** Canonical JSON. */
  @Column({ type: 'text' })
  detail!: string;

  @Column({ name: 'block_number', type: 'bigint', transformer: asNumber })
  blockNumber!: number;

  @Column({ name: 'previous_hash', type: 'bytea', transformer: asBytes })
  previousHash!: Uint8Array;

  @Column({ type: 'bytea', transformer: asBytes })
  hash!: Uint8Array;
}
