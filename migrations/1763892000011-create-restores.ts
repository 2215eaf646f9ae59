import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { appendOnly } from './append-only.js';

/**
 * Restores (I11): which database was led last, and the forks that operators have declared.
 *
 * A cluster's system identifier and timeline change when it is restored from a backup to a point in time, when a standby
 * is promoted and when the data moves to another cluster. A plain restart changes neither.
 */
export class CreateRestores1763892000011 implements MigrationInterface {
  readonly name = 'CreateRestores1763892000011';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION lockstep.database_identity() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
        SELECT (SELECT system_identifier FROM pg_control_system())
               || '/' || ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer
      $$;

      -- Of the database that the newest epoch was taken on; NULL before the first.
      ALTER TABLE lockstep.leadership ADD COLUMN database_identity text;

      CREATE TABLE lockstep.restores (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at          timestamptz NOT NULL DEFAULT clock_timestamp(),
        last_block  bigint NOT NULL,
        epoch_above bigint NOT NULL,
        -- SSZ of SignedRestore: the next leader appends it.
        body        bytea  NOT NULL
      );
      ${appendOnly('lockstep.restores')}
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE lockstep.restores;
      ALTER TABLE lockstep.leadership DROP COLUMN database_identity;
      DROP FUNCTION lockstep.database_identity();
    `);
  }
}
