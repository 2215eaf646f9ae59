// Shows that the devnet's admin key is closed to others, counts, and stays the same as long as it does.
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiKeys, createDataSource, migrate } from '#libs/persistence';
import { type PostgresServer, runningPostgresUrl, startPostgres, temporaryDirectory } from '#libs/testkit';
import { ensureAdminKey } from './admin-key.js';

let directory: string;
let server: PostgresServer;

beforeAll(async () => {
  directory = temporaryDirectory('admin-key');
  server = await startPostgres({ dataDir: join(directory, 'postgres') });
  await migrate(server.url);
});
afterAll(async () => {
  await server.stop();
  expect(runningPostgresUrl(directory)).toBeNull();
  rmSync(directory, { recursive: true, force: true });
});

test('the key is made once, for its owner alone, and made anew when it was revoked or is spoilt', async () => {
  expect(runningPostgresUrl(directory)).toBe(server.url);
  const { text, file } = await ensureAdminKey(server.url, directory);
  expect(readFileSync(file, 'utf8')).toBe(`${text}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await ensureAdminKey(server.url, directory)).text).toBe(text);

  const dataSource = await createDataSource(server.url);
  const keys = new ApiKeys(dataSource);
  const valid = await keys.authenticate(text);
  expect(valid).toMatchObject({ status: 'valid', key: { role: 'admin' } });
  if (valid.status === 'valid') await keys.revoke(valid.key.id);
  await dataSource.destroy();
  const second = await ensureAdminKey(server.url, directory);
  expect(second.text).not.toBe(text);

  writeFileSync(file, 'spoilt');
  chmodSync(file, 0o644);
  expect((await ensureAdminKey(server.url, directory)).text).not.toBe(second.text);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(runningPostgresUrl(tmpdir())).toBeNull();
});
