import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { appendOnly } from './append-only.js';

/** Who leads, until when by Postgres's clock; and the incidents that people should look into. */
export class CreateLeadership1763892000003 implements MigrationInterface {
  readonly name = 'CreateLeadership1763892000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE lockstep.leadership (
        singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        epoch       bigint      NOT NULL,
        holder      text        NOT NULL,
        url         text        NOT NULL,
        lease_ms    integer     NOT NULL,
        lease_until timestamptz NOT NULL,
        started_at  timestamptz NOT NULL
      );
      -- No holder: nobody has led yet. Epochs count from 1.
      INSERT INTO lockstep.leadership (epoch, holder, url, lease_ms, lease_until, started_at)
        VALUES (0, '', '', 0, 'epoch', 'epoch');

      CREATE TABLE lockstep.incidents (
        id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        kind   text  NOT NULL,
        detail jsonb NOT NULL
      );
      ${appendOnly('lockstep.incidents')}
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE lockstep.incidents, lockstep.leadership;`);
  }
}
