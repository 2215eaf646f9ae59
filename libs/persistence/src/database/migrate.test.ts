import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from '#migrations';
import { nextAuditRow } from '../audit/audit-row.js';
import { operationOf, decisionOf, shared, transaction } from '../fixtures/chain.js';
import { backendPid, openClient, useServer } from '../fixtures/database.js';
import { EntryKind } from '#libs/protocol';
import { migrate } from './migrate.js';

const server = useServer();
const NAMES = MIGRATIONS.map((migration) => migration.name);

describe('migrate', () => {
  it('shows that of several processes that start at once one migrates and the others find it done', async () => {
    const url = await server.createDatabase();
    const ran = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(ran.sort((a, b) => b.length - a.length)).toEqual([NAMES, [], []]);
    expect(await migrate(url)).toEqual([]);
  });

  it('shows that a process killed in mid-migration leaves nothing behind and the next start does it all', async () => {
    const url = await server.createDatabase();
    const blocker = await openClient(url);
    // A late migration has to wait for this table's name until we roll back.
    await blocker.query('CREATE SCHEMA lockstep; BEGIN; CREATE TABLE lockstep.audit ()');
    const killed = migrate(url).catch((error: unknown) => error);
    const watcher = await openClient(url);
    const pid = await backendPid(watcher, 'lockstep migrate', `wait_event_type = 'Lock'`);
    await watcher.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
    expect(await killed).toBeInstanceOf(Error);
    await blocker.query('ROLLBACK');
    const { rows } = await watcher.query(`SELECT to_regclass('lockstep.blocks') AS blocks`);
    expect(rows).toEqual([{ blocks: null }]);
    expect(await migrate(url)).toEqual(NAMES);
  });

  it('shows that waiting for another process has an end with a clear error', async () => {
    const url = await server.createDatabase();
    const other = await openClient(url);
    const { rows } = await other.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock(-5241067410265906318) AS locked',
    );
    expect(rows).toEqual([{ locked: true }]);
    await expect(migrate(url, { waitMs: 50 })).rejects.toMatchObject({ type: { code: 'MIGRATION_BUSY', waitMs: 50 } });
  });
});

describe('the log tables', () => {
  it.each(['genesis', 'blocks', 'entries', 'operations', 'decisions', 'incidents', 'audit', 'restores'])(
    'shows that %s takes no UPDATE, DELETE or TRUNCATE',
    async (table) => {
      const { chain, writer, dataSource } = await server.createLog();
      const block = chain.next([shared(EntryKind.PREPARE, Uint8Array.of(1)), transaction(84001, 1, 0n)]);
      const audits = [nextAuditRow(undefined, { atMs: 1, actor: 'a', command: 'c', detail: null })];
      const operations = [operationOf(block, 1, 1, 0n)];
      await writer.append(block, { operations, decisions: [decisionOf(block, 1)], audits });
      const [column] = await dataSource.query<{ name: string }[]>(
        `SELECT column_name AS name FROM information_schema.columns
         WHERE table_schema = 'lockstep' AND table_name = $1 AND is_identity = 'NO' AND is_generated = 'NEVER' LIMIT 1`,
        [table],
      );
      const changes = {
        UPDATE: `UPDATE lockstep.${table} SET ${column!.name} = ${column!.name}`,
        DELETE: `DELETE FROM lockstep.${table}`,
        TRUNCATE: `TRUNCATE lockstep.${table} CASCADE`,
      };
      for (const [operation, sql] of Object.entries(changes)) {
        for (const role of ['origin', 'replica']) {
          const attempt = dataSource.query(`SET session_replication_role = ${role}; ${sql}`);
          // CASCADE reaches decisions through operations; whichever comes first refuses.
          const message = new RegExp(`lockstep\\.(${table}|decisions) is append-only: ${operation} is refused`);
          await expect(attempt).rejects.toThrow(message);
        }
      }
    },
  );
});
