import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { scratchDirectory } from './fixtures/scratch.js';
import { startPostgres } from './postgres.js';

async function start(dataDir: string): ReturnType<typeof startPostgres> {
  const server = await startPostgres({ dataDir });
  onTestFinished(() => server.stop());
  if (server.dataDir !== dataDir) {
    onTestFinished(() => rmSync(server.dataDir, { recursive: true, force: true }));
  }
  return server;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

test('Postgres starts durable, and keeps its data over a stop and over a SIGKILL of the postmaster', async () => {
  const dataDir = scratchDirectory();
  const first = await start(dataDir);
  expect(await query(first.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  await query(first.url, 'create table kept (n int); insert into kept values (1)');
  await first.stop();

  const second = await start(dataDir);
  await query(second.url, 'insert into kept values (2)');
  await second.kill();
  expect(await second.exited).toEqual({ code: null, signal: 'SIGKILL' });

  const third = await start(dataDir);
  expect(await query(third.url, 'select n from kept order by n')).toEqual([{ n: 1 }, { n: 2 }]);
});

test('a second server on the same data directory is refused and the first goes on', async () => {
  const dataDir = scratchDirectory();
  const server = await start(dataDir);
  await expect(startPostgres({ dataDir })).rejects.toMatchObject({
    code: 'data_directory_in_use',
    message: expect.stringContaining(String(process.pid)) as string,
  });
  expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('what an interrupted initdb left behind is removed and the database made anew', async () => {
  const dataDir = scratchDirectory();
  mkdirSync(join(dataDir, 'initdb-0badc0de'));
  writeFileSync(join(dataDir, 'initdb-0badc0de', 'PG_VERSION'), '18\n');
  const server = await start(dataDir);
  expect(await query(server.url, 'select current_database() as name')).toEqual([{ name: 'lockstep' }]);
  expect(readdirSync(server.dataDir).sort()).toEqual(['lock', 'pgdata']);
});

test('the pid file of a killed server whose pid another program has by now is no obstacle', async () => {
  const dataDir = scratchDirectory();
  const first = await start(dataDir);
  await first.stop();
  const file = join(first.dataDir, 'pgdata', 'postmaster.pid');
  writeFileSync(file, `${process.ppid}\n${join(first.dataDir, 'pgdata')}\n`);
  const second = await start(dataDir);
  expect(existsSync(file)).toBe(true);
  await second.stop();
});

test('a directory with something else in place of the database is refused with a clear error', async () => {
  const dataDir = scratchDirectory();
  const server = await start(dataDir);
  await server.stop();
  writeFileSync(join(server.dataDir, 'pgdata', 'PG_VERSION'), '12\n');
  await expect(startPostgres({ dataDir })).rejects.toMatchObject({
    code: 'data_directory_not_usable',
    message: expect.stringMatching(/made by Postgres 12, and this is 18/) as string,
  });
});

test.runIf(process.getuid?.() === 0)(
  'as root, a directory that the user postgres cannot reach is replaced by the same other one in each run',
  async () => {
    const closed = scratchDirectory();
    chmodSync(closed, 0o700);
    const dataDir = join(closed, 'below');
    const said: string[] = [];
    const log = (line: string): void => void said.push(line);
    const first = await startPostgres({ dataDir, log });
    onTestFinished(() => rmSync(first.dataDir, { recursive: true, force: true }));
    onTestFinished(() => first.stop());
    expect(first.dataDir).not.toBe(dataDir);
    expect(said[0]).toBe(`the user postgres cannot reach ${dataDir}: the database is kept in ${first.dataDir}`);
    await query(first.url, 'create table kept (n int)');
    await first.stop();
    const second = await start(dataDir);
    expect(second.dataDir).toBe(first.dataDir);
    expect(await query(second.url, 'select * from kept')).toEqual([]);
  },
);
