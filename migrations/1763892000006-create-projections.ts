import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What the admin API derives from the log, so that its lists need no scan: the log's own tables have no index that
 * appends do not need. Everything here can be dropped and is filled again from the log.
 */
export class CreateProjections1763892000006 implements MigrationInterface {
  readonly name = 'CreateProjections1763892000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- How far the log has been taken in.
      CREATE TABLE lockstep_admin.projection (
        singleton    boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        block_number bigint  NOT NULL,
        block_hash   bytea   NOT NULL,
        sequence     bigint  NOT NULL
      );

      -- Where in a lane a block's entries of one kind stand: a row for each block, lane and kind that there is.
      CREATE TABLE lockstep_admin.block_entries (
        kind                smallint NOT NULL,
        block_number        bigint   NOT NULL,
        lane                bigint   NOT NULL,
        entries             integer  NOT NULL,
        first_lane_sequence bigint   NOT NULL,
        last_lane_sequence  bigint   NOT NULL,
        PRIMARY KEY (kind, block_number, lane)
      );
      CREATE INDEX block_entries_lane ON lockstep_admin.block_entries (kind, lane, block_number);

      CREATE TABLE lockstep_admin.operations (
        prepare_sequence  bigint   PRIMARY KEY,
        operation_id      bytea    NOT NULL CONSTRAINT operations_id_key UNIQUE,
        kind              smallint NOT NULL,
        series            bytea    NOT NULL,
        signer            bytea    NOT NULL,
        participants      bigint[] NOT NULL,
        prepare_block     bigint   NOT NULL,
        prepared_at_ms    bigint   NOT NULL,
        deadline_ms       bigint   NOT NULL,
        -- 0 prepared, 1 committed, 2 aborted, as the outcome of a decision.
        status            smallint NOT NULL DEFAULT 0,
        reason            smallint NOT NULL DEFAULT 0,
        decision_sequence bigint,
        decision_block    bigint,
        decided_at_ms     bigint
      );
      CREATE INDEX operations_status ON lockstep_admin.operations (status, prepare_sequence);
      CREATE INDEX operations_kind   ON lockstep_admin.operations (kind, prepare_sequence);
      CREATE INDEX operations_series ON lockstep_admin.operations (series, prepare_sequence);
      CREATE INDEX operations_reason ON lockstep_admin.operations (reason, prepare_sequence) WHERE reason <> 0;

      -- Everybody whose account an operation's legs change, and its signers.
      CREATE TABLE lockstep_admin.operation_accounts (
        account          bytea  NOT NULL,
        prepare_sequence bigint NOT NULL,
        PRIMARY KEY (account, prepare_sequence)
      );

      CREATE TABLE lockstep_admin.prices (
        underlying     bytea       NOT NULL,
        quote          bytea       NOT NULL,
        sequence       bigint      NOT NULL,
        round          numeric(20) NOT NULL,
        price          numeric(78) NOT NULL,
        observed_at_ms bigint      NOT NULL,
        block_number   bigint      NOT NULL,
        timestamp_ms   bigint      NOT NULL,
        PRIMARY KEY (underlying, quote, sequence)
      );

      -- The newest root that each key has stated.
      CREATE TABLE lockstep_admin.state_roots (
        chain_id     bigint NOT NULL,
        signer       bytea  NOT NULL,
        number       bigint NOT NULL,
        block_hash   bytea  NOT NULL,
        root         bytea  NOT NULL,
        sequence     bigint NOT NULL,
        timestamp_ms bigint NOT NULL,
        PRIMARY KEY (chain_id, signer)
      );

      -- Incidents are few, but the API lists them by kind.
      CREATE INDEX incidents_kind ON lockstep.incidents (kind, id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX lockstep.incidents_kind;
      DROP TABLE lockstep_admin.projection, lockstep_admin.block_entries, lockstep_admin.operations,
        lockstep_admin.operation_accounts, lockstep_admin.prices, lockstep_admin.state_roots;
    `);
  }
}
