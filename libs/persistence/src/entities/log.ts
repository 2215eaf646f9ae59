import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asBigInt, asBigInts, asBytes, asNumber, asNumbers } from './transformers.js';

@Entity({ name: 'genesis' })
export class GenesisEntity {
  @PrimaryColumn({ type: 'boolean' })
  singleton!: boolean;

  @Column({ name: 'log_id', type: 'bytea', transformer: asBytes })
  logId!: Uint8Array;

  /** SSZ. */
  @Column({ type: 'bytea', transformer: asBytes })
  body!: Uint8Array;
}

@Entity({ name: 'blocks' })
export class BlockEntity {
  @PrimaryColumn({ type: 'bigint', transformer: asNumber })
  number!: number;

  @Column({ type: 'bytea', transformer: asBytes })
  hash!: Uint8Array;

  @Column({ type: 'bigint', transformer: asNumber })
  epoch!: number;

  @Column({ name: 'timestamp_ms', type: 'bigint', transformer: asNumber })
  timestampMs!: number;

  @Column({ name: 'first_sequence', type: 'bigint', transformer: asBigInt })
  firstSequence!: bigint;

  @Column({ name: 'entry_count', type: 'integer' })
  entryCount!: number;

  /** SSZ. */
  @Column({ type: 'bytea', transformer: asBytes })
  header!: Uint8Array;

  @Column({ type: 'bytea', transformer: asBytes })
  signature!: Uint8Array;

  @Column({ name: 'lane_chain_ids', type: 'bigint', array: true, transformer: asNumbers })
  laneChainIds!: number[];

  @Column({ name: 'lane_first_sequences', type: 'bigint', array: true, transformer: asBigInts })
  laneFirstSequences!: bigint[];

  @Column({ name: 'lane_entry_counts', type: 'integer', array: true })
  laneEntryCounts!: number[];

  /** 32 bytes for each lane, one after another. */
  @Column({ name: 'lane_roots', type: 'bytea', transformer: asBytes })
  laneRoots!: Uint8Array;
}

@Entity({ name: 'entries' })
export class EntryEntity {
  @PrimaryColumn({ type: 'bigint', transformer: asBigInt })
  sequence!: bigint;

  @Column({ name: 'block_number', type: 'bigint', transformer: asNumber })
  blockNumber!: number;

  @Column({ type: 'bigint', transformer: asNumber })
  lane!: number;

  @Column({ name: 'lane_sequence', type: 'bigint', transformer: asBigInt })
  laneSequence!: bigint;

  @Column({ type: 'smallint' })
  kind!: number;

  @Column({ type: 'bytea', transformer: asBytes })
  id!: Uint8Array;

  @Column({ type: 'bytea', nullable: true, transformer: asBytes })
  sender!: Uint8Array | null;

  @Column({ type: 'bigint', nullable: true, transformer: asBigInt })
  nonce!: bigint | null;

  @Column({ type: 'bytea', transformer: asBytes })
  bytes!: Uint8Array;
}

@Entity({ name: 'head' })
export class HeadEntity {
  @PrimaryColumn({ type: 'boolean' })
  singleton!: boolean;

  @Column({ type: 'bigint', transformer: asNumber })
  epoch!: number;

  @Column({ type: 'bigint', transformer: asNumber })
  number!: number;

  @Column({ type: 'bytea', transformer: asBytes })
  hash!: Uint8Array;

  @Column({ name: 'last_sequence', type: 'bigint', transformer: asBigInt })
  lastSequence!: bigint;

  @Column({ name: 'timestamp_ms', type: 'bigint', transformer: asNumber })
  timestampMs!: number;
}
