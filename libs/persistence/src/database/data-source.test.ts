import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { backendPid, openClient, openDataSource, useServer } from '../fixtures/database.js';
import { createDataSource } from './data-source.js';
import { type DatabaseSettings } from './settings.js';

const server = useServer();

describe('createDataSource', () => {
  it('shows that what decides on durability is reported', async () => {
    const onSettings = vi.fn<(settings: DatabaseSettings) => void>();
    await openDataSource(await server.createDatabase(), { onSettings });
    expect(onSettings.mock.calls[0]?.[0]).toMatchObject({ synchronousCommit: 'on', fsync: true, fullPageWrites: true });
  });

  it('shows that a server on which commits can be lost, or that takes none, is refused', async () => {
    const url = await server.createDatabase();
    const client = await openClient(url);
    const database = new URL(url).pathname.slice(1);
    await client.query(`ALTER DATABASE ${database} SET synchronous_commit = off`);
    const setting = { code: 'SYNCHRONOUS_COMMIT_OFF', setting: 'off' };
    await expect(createDataSource(url)).rejects.toMatchObject({ type: setting });
    await client.query(`ALTER DATABASE ${database} RESET synchronous_commit`);
    await client.query(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
    await expect(createDataSource(url)).rejects.toMatchObject({ code: 'NOT_WRITABLE' });
  });

  it('shows that timeouts that contradict one another are refused', async () => {
    const timeouts = { statementMs: 1_000, answerMs: 1_000 };
    await expect(createDataSource('postgres://127.0.0.1:9/none', { timeouts })).rejects.toThrow(RangeError);
  });

  it('shows that Postgres enforces the timeouts', async () => {
    const timeouts = { statementMs: 700, lockMs: 600, idleInTransactionMs: 500 };
    const dataSource = await openDataSource(await server.createDatabase(), { timeouts });
    const [row] = await dataSource.query<unknown[]>(
      `SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l,
              current_setting('idle_in_transaction_session_timeout') AS i, current_setting('application_name') AS a`,
    );
    expect(row).toEqual({ s: '700ms', l: '600ms', i: '500ms', a: 'lockstep' });
  });

  it('shows that the loss of an idle connection is reported and the next query gets another', async () => {
    const url = await server.createDatabase();
    const onError = vi.fn();
    const dataSource = await openDataSource(url, { onError });
    const watcher = await openClient(url);
    await watcher.query('SELECT pg_terminate_backend($1, 5000)', [await backendPid(watcher, 'lockstep')]);
    await expect.poll(() => onError.mock.calls.length).toBeGreaterThan(0);
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('shows that a connection whose answer is overdue is given up and does not block the pool', async () => {
    const url = await server.createDatabase();
    const dataSource = await openDataSource(url, { poolSize: 1, timeouts: { statementMs: 300, answerMs: 400 } });
    const watcher = await openClient(url);
    const pid = await backendPid(watcher, 'lockstep');
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(pid, 'SIGCONT'));
    await expect(dataSource.query('SELECT 1')).rejects.toThrow(/read timeout/);
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
