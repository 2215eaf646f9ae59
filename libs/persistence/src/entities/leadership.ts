import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { asNumber } from './transformers.js';

@Entity({ name: 'leadership' })
export class LeadershipEntity {
  @PrimaryColumn({ type: 'boolean' })
  singleton!: boolean;

  @Column({ type: 'bigint', transformer: asNumber })
  epoch!: number;

  @Column({ type: 'text' })
  holder!: string;

  @Column({ type: 'text' })
  url!: string;

  @Column({ name: 'lease_ms', type: 'integer' })
  leaseMs!: number;

  @Column({ name: 'lease_until', type: 'timestamptz' })
  leaseUntil!: Date;

  @Column({ name: 'started_at', type: 'timestamptz' })
  startedAt!: Date;
}

@Entity({ name: 'incidents' })
export class IncidentEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ type: 'jsonb' })
  detail!: unknown;
}
