import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Executors that were silent, regressed, disputed or halted, from when until when. The log does not know it: the admin
 * API observes it, and keeps it so that it is not forgotten when the API restarts.
 */
export class CreateExecutorIncidents1763892000031 implements MigrationInterface {
  readonly name = 'CreateExecutorIncidents1763892000031';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE lockstep_admin.executor_incidents (
        -- Beginnings and ends are numbered together, in the order in which they are committed, for those who follow.
        began    bigint      PRIMARY KEY CHECK (began > 0),
        ended    bigint      UNIQUE CHECK (ended > began),
        chain_id bigint      NOT NULL,
        key      text        NOT NULL CHECK (key ~ '^0x[0-9a-f]{40}$'),
        kind     text        NOT NULL,
        since    timestamptz NOT NULL,
        until    timestamptz,
        detail   jsonb       NOT NULL,
        CHECK ((ended IS NULL) = (until IS NULL))
      );
      -- Several processes may observe the same.
      CREATE UNIQUE INDEX executor_incidents_open ON lockstep_admin.executor_incidents (chain_id, key, kind)
        WHERE ended IS NULL;
      CREATE INDEX executor_incidents_kind ON lockstep_admin.executor_incidents (kind, began);
      -- Incidents of one rollup, where it has few.
      CREATE INDEX incidents_rollup ON lockstep.incidents ((detail->>'chainId'), id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX lockstep.incidents_rollup;
      DROP TABLE lockstep_admin.executor_incidents;
    `);
  }
}
