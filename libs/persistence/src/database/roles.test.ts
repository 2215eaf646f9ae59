import { describe, expect, it } from 'vitest';
import { nextAuditRow } from '../audit/audit-row.js';
import { decisionOf, operationOf, shared, TestChain, testGenesis, transaction } from '../fixtures/chain.js';
import { openClient, openDataSource, openWriter, useServer } from '../fixtures/database.js';
import { recordIncident } from '../incidents.js';
import { Leadership } from '../leadership.js';
import { LogReader } from '../log/log-reader.js';
import { EntryKind } from '#libs/protocol';
import { migrate } from './migrate.js';
import { grantRoles } from './roles.js';

const server = useServer();
const passwords = { sequencer: 'sequencer-password', admin: 'admin-password' };
const DENIED = /permission denied|must be owner/;

/** A database with tables and roles, and the URL that each role connects by. */
async function createWithRoles() {
  const owner = await server.createDatabase();
  await migrate(owner);
  await grantRoles(owner, passwords);
  const as = (role: string, password: string): string => {
    const url = new URL(owner);
    url.username = role;
    url.password = password;
    return url.href;
  };
  const { sequencer, admin } = passwords;
  return { owner, sequencer: as('lockstep_sequencer', sequencer), admin: as('lockstep_admin', admin) };
}

describe('the sequencer’s role', () => {
  it('shows that a whole term works with its grants: genesis, leadership, blocks of every kind, incidents', async () => {
    const urls = await createWithRoles();
    const dataSource = await openDataSource(urls.sequencer);
    const reader = new LogReader(dataSource);
    await reader.insertGenesis(testGenesis());
    const block = new TestChain(testGenesis()).next([
      shared(EntryKind.PREPARE, Uint8Array.of(1)),
      transaction(84001, 1, 0n),
    ]);
    const audits = [nextAuditRow(undefined, { atMs: 1, actor: 'a', command: 'c', detail: null })];
    const extras = { operations: [operationOf(block, 1, 1, 0n)], decisions: [decisionOf(block, 1)], audits };
    await openWriter(urls.sequencer).append(block, extras);
    await recordIncident(dataSource, 'example', {});
    expect(await reader.head()).toMatchObject({ number: 1 });
    const leadership = new Leadership(dataSource);
    const term = await leadership.take('a', 'http://a', 60_000);
    expect(await leadership.renew(term!.epoch)).toBe(true);
    await leadership.release(term!.epoch);
  });

  it.each([
    ['genesis', 'body'],
    ['blocks', 'hash'],
    ['entries', 'bytes'],
    ['operations', 'series'],
    ['decisions', 'outcome'],
    ['incidents', 'kind'],
    ['audit', 'detail'],
  ])('shows that it can neither change %s nor take away what protects it', async (table, column) => {
    const urls = await createWithRoles();
    const client = await openClient(urls.sequencer);
    for (const sql of [
      `UPDATE lockstep.${table} SET ${column} = ${column}`,
      `DELETE FROM lockstep.${table}`,
      `TRUNCATE lockstep.${table}`,
      `DROP TABLE lockstep.${table}`,
      `ALTER TABLE lockstep.${table} DISABLE TRIGGER append_only`,
      `DROP TRIGGER append_only ON lockstep.${table}`,
      `SET session_replication_role = replica`,
      `CREATE OR REPLACE FUNCTION lockstep.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
      `CREATE TABLE lockstep.mine ()`,
      `CREATE SCHEMA mine`,
      `SET ROLE ${new URL(urls.owner).username}`,
    ]) {
      await expect(client.query(sql), sql).rejects.toThrow(DENIED);
    }
  });
});

describe('the admin API’s role', () => {
  it('shows that it reads the log and writes its own schema alone', async () => {
    const urls = await createWithRoles();
    const owner = await openClient(urls.owner);
    await owner.query('CREATE SCHEMA IF NOT EXISTS lockstep_admin; CREATE TABLE lockstep_admin.example (id bigserial)');
    await grantRoles(urls.owner);
    const client = await openClient(urls.admin);
    expect((await client.query('SELECT * FROM lockstep.blocks')).rows).toEqual([]);
    await client.query('INSERT INTO lockstep_admin.example DEFAULT VALUES; DELETE FROM lockstep_admin.example');
    for (const sql of [
      'INSERT INTO lockstep.incidents (kind, detail) VALUES ($$a$$, $${}$$)',
      'UPDATE lockstep.head SET number = 1',
      'UPDATE lockstep.leadership SET epoch = 9',
      'DELETE FROM lockstep.audit',
      'DROP TABLE lockstep_admin.example',
    ]) {
      await expect(client.query(sql), sql).rejects.toThrow(DENIED);
    }
  });
});

describe('grantRoles', () => {
  it('shows that a table of a later migration is covered by the next run, and no grant outlives its reason', async () => {
    const urls = await createWithRoles();
    const owner = await openClient(urls.owner);
    await owner.query('CREATE TABLE lockstep.later (id bigint); GRANT DELETE ON lockstep.blocks TO lockstep_sequencer');
    await grantRoles(urls.owner);
    const client = await openClient(urls.sequencer);
    expect((await client.query('SELECT * FROM lockstep.later')).rows).toEqual([]);
    await expect(client.query('DELETE FROM lockstep.blocks')).rejects.toThrow(DENIED);
  });

  it('shows that before the first migration there is nothing to grant', async () => {
    const url = await server.createDatabase();
    await expect(grantRoles(url)).rejects.toMatchObject({ type: { code: 'SCHEMA_MISSING' } });
  });
});
