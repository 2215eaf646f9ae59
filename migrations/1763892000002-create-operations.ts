import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { appendOnly } from './append-only.js';

/** Operations across rollups and their decisions: (signer, nonce) is used once, and there is one decision (I16). */
export class CreateOperations1763892000002 implements MigrationInterface {
  readonly name = 'CreateOperations1763892000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE lockstep.operations (
        operation_id     bytea    CONSTRAINT operations_pkey PRIMARY KEY CHECK (octet_length(operation_id) = 32),
        kind             smallint NOT NULL,
        series           bytea    NOT NULL,
        signer           bytea    NOT NULL CHECK (octet_length(signer) = 20),
        nonce            numeric(78) NOT NULL CHECK (nonce >= 0),
        intent_body      bytea    NOT NULL,
        prepare_id       bytea    NOT NULL,
        prepare_sequence bigint   NOT NULL,
        prepare_block    bigint   NOT NULL,
        deadline_ms      bigint   NOT NULL,
        CONSTRAINT operations_nonce_key UNIQUE (signer, nonce)
      );

      CREATE TABLE lockstep.decisions (
        operation_id bytea    CONSTRAINT decisions_pkey PRIMARY KEY
                              CONSTRAINT decisions_operation_fkey REFERENCES lockstep.operations,
        sequence     bigint   NOT NULL,
        block_number bigint   NOT NULL,
        outcome      smallint NOT NULL,
        reason       smallint NOT NULL,
        timestamp_ms bigint   NOT NULL
      );
      ${['lockstep.operations', 'lockstep.decisions'].map(appendOnly).join('\n')}
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE lockstep.decisions, lockstep.operations;`);
  }
}
