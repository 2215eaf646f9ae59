import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What the admin API keeps: its keys, and its commands by idempotency key. In a schema of its own, so that its role
 * may write this and nothing else.
 */
export class CreateAdmin1763892000005 implements MigrationInterface {
  readonly name = 'CreateAdmin1763892000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE SCHEMA lockstep_admin;

      CREATE TABLE lockstep_admin.api_keys (
        -- Public: the part of a key that names it.
        id          text        PRIMARY KEY CHECK (id ~ '^[0-9a-f]{16}$'),
        name        text        NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 64),
        role        text        NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
        -- SHA-256 of the secret part, whose 256 bits are random: nothing to guess, so no slow hash is needed.
        secret_hash bytea       NOT NULL CHECK (octet_length(secret_hash) = 32),
        created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        expires_at  timestamptz,
        revoked_at  timestamptz,
        -- The key that took its place, when it was rotated.
        rotated_to  text        REFERENCES lockstep_admin.api_keys
      );

      CREATE TABLE lockstep_admin.commands (
        api_key         text        NOT NULL REFERENCES lockstep_admin.api_keys,
        idempotency_key text        NOT NULL CHECK (octet_length(idempotency_key) BETWEEN 1 AND 255),
        -- SHA-256 of method, path and body.
        request_hash    bytea       NOT NULL CHECK (octet_length(request_hash) = 32),
        -- Who works on it, until when: after that another may go on.
        worker          text        NOT NULL,
        worker_until    timestamptz NOT NULL,
        -- What was signed and sent to the leader; it is the same at every try, so the leader can tell a repetition.
        sent            bytea,
        status          smallint,
        response        text,
        created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (api_key, idempotency_key),
        CHECK ((status IS NULL) = (response IS NULL))
      );
      CREATE INDEX commands_created_at ON lockstep_admin.commands (created_at);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP SCHEMA lockstep_admin CASCADE;`);
  }
}
