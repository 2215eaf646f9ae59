import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { appendOnly } from './append-only.js';

/**
 * The audit log of admin commands, chained by hashes (I34).
 *
 * The foreign key ties a row to the id and the hash of the one before: whoever inserts, there is no gap and no second
 * branch. Only the hashes themselves are beyond Postgres; `verifyAuditChain` recomputes them. Writing here takes
 * INSERT and SELECT and no other right: Postgres checks a foreign key as the table's owner.
 */
export class CreateAudit1763892000004 implements MigrationInterface {
  readonly name = 'CreateAudit1763892000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE lockstep.audit (
        id            bigint CONSTRAINT audit_pkey PRIMARY KEY CHECK (id > 0),
        at_ms         bigint NOT NULL,
        actor         text   NOT NULL CHECK (octet_length(actor) BETWEEN 1 AND 256),
        command       text   NOT NULL CHECK (octet_length(command) BETWEEN 1 AND 256),
        -- Not jsonb, which changes order, spaces and numbers: these very bytes were hashed.
        detail        text   NOT NULL CHECK (octet_length(detail) <= 65536),
        block_number  bigint NOT NULL,
        previous_hash bytea  NOT NULL,
        hash          bytea  NOT NULL CONSTRAINT audit_hash_key UNIQUE CHECK (octet_length(hash) = 32),
        -- NULL for the first row, which a foreign key lets pass.
        previous_id   bigint GENERATED ALWAYS AS (nullif(id, 1) - 1) STORED,
        CHECK (id > 1 OR previous_hash = decode(repeat('00', 32), 'hex')),
        CONSTRAINT audit_link_key UNIQUE (id, hash),
        CONSTRAINT audit_previous_fkey FOREIGN KEY (previous_id, previous_hash) REFERENCES lockstep.audit (id, hash)
      );
      ${appendOnly('lockstep.audit')}
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE lockstep.audit;`);
  }
}
