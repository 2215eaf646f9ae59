import pg from 'pg';
import { DatabaseError } from '../errors.js';
import { scramVerifier } from './scram-verifier.js';

/** What a sequencer connects as. */
export const SEQUENCER_ROLE = 'lockstep_sequencer';
/** What the admin API connects as. */
export const ADMIN_ROLE = 'lockstep_admin';

/** Passwords of the roles; a role without one gets no login. */
export interface RolePasswords {
  sequencer?: string | undefined;
  admin?: string | undefined;
}

/** The schema of the admin API, in which its role alone writes. */
const ADMIN_SCHEMA = 'lockstep_admin';

/**
 * The grants, made from scratch each time, so that they fit the tables of the newest migration:
 * - both roles read the whole schema `lockstep`;
 * - the sequencer's inserts into every table that takes INSERT only, and changes head and leadership;
 * - the admin API's writes nothing but its own schema.
 * Neither owns anything, so neither can alter a table, switch its triggers off or truncate it.
 */
const GRANTS_SQL = `
  REVOKE ALL ON ALL TABLES IN SCHEMA lockstep FROM ${SEQUENCER_ROLE}, ${ADMIN_ROLE};
  GRANT USAGE ON SCHEMA lockstep TO ${SEQUENCER_ROLE}, ${ADMIN_ROLE};
  GRANT SELECT ON ALL TABLES IN SCHEMA lockstep TO ${SEQUENCER_ROLE}, ${ADMIN_ROLE};
  GRANT INSERT, UPDATE ON lockstep.head TO ${SEQUENCER_ROLE};
  GRANT UPDATE ON lockstep.leadership TO ${SEQUENCER_ROLE};
  DO $$
  DECLARE append_only record;
  BEGIN
    FOR append_only IN SELECT tgrelid::regclass AS name FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
      WHERE tgname = 'append_only' AND relnamespace = 'lockstep'::regnamespace
    LOOP
      EXECUTE format('GRANT INSERT ON %s TO ${SEQUENCER_ROLE}', append_only.name);
    END LOOP;
    IF to_regnamespace('${ADMIN_SCHEMA}') IS NOT NULL THEN
      GRANT USAGE ON SCHEMA ${ADMIN_SCHEMA} TO ${ADMIN_ROLE};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${ADMIN_SCHEMA} TO ${ADMIN_ROLE};
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${ADMIN_SCHEMA} TO ${ADMIN_ROLE};
    END IF;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${SEQUENCER_ROLE}, ${ADMIN_ROLE}', current_database());
  END $$;`;

/**
 * Makes the two roles that the servers connect as, where they do not exist, and grants each what it needs. To be run
 * as the owner after every `migrate`; as often as one likes.
 *
 * @throws DatabaseError `SCHEMA_MISSING` before the first migration; the driver's errors, such as 42501 where the
 *   owner may not create roles
 */
export async function grantRoles(url: string, passwords: RolePasswords = {}): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'lockstep roles' });
  await client.connect();
  try {
    const { rows } = await client.query<{ exists: boolean }>(
      `SELECT to_regclass('lockstep.head') IS NOT NULL AS exists`,
    );
    if (!rows[0]?.exists) {
      const advice = 'Bring the tables up to date first.';
      throw new DatabaseError({ code: 'SCHEMA_MISSING' }, 'The database has no tables of Lockstep yet.', advice);
    }
    await ensureRole(client, SEQUENCER_ROLE, passwords.sequencer);
    await ensureRole(client, ADMIN_ROLE, passwords.admin);
    await client.query(GRANTS_SQL); // several statements in one message: one transaction
  } finally {
    await client.end();
  }
}

/** Roles belong to the whole server: another database of it may be creating them at this moment. */
async function ensureRole(client: pg.Client, role: string, password: string | undefined): Promise<void> {
  await client.query(`
    DO $$ BEGIN
      CREATE ROLE ${role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$`);
  if (password !== undefined) await client.query(`ALTER ROLE ${role} LOGIN PASSWORD '${scramVerifier(password)}'`);
}
