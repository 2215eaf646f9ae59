// Shows what a key of the admin API is worth through its life: made, wrong, expired, rotated, revoked.
import { beforeEach, expect, it } from 'vitest';
import { migrate } from '../database/migrate.js';
import { openDataSource, useServer } from '../fixtures/database.js';
import { parseApiKey, roleAllows } from './api-key.js';
import { ApiKeys } from './api-keys.js';

const server = useServer();
const MINUTE = 60_000;
let keys: ApiKeys;
let query: (sql: string) => Promise<unknown[]>;

beforeEach(async () => {
  const url = await server.createDatabase();
  await migrate(url);
  const dataSource = await openDataSource(url);
  keys = new ApiKeys(dataSource);
  query = (sql) => dataSource.query<unknown[]>(sql);
});

const fromNow = (ms: number): Date => new Date(Date.now() + ms);

it('shows that a key that was made counts, with its name and role, and that its secret is not kept', async () => {
  const { key, text } = await keys.create('dashboard', 'viewer');
  expect(text).toMatch(new RegExp(`^lsk_${key.id}_[A-Za-z0-9_-]{43}$`));
  expect(await keys.authenticate(text)).toEqual({ status: 'valid', key });
  expect(key).toMatchObject({ name: 'dashboard', role: 'viewer', expiresAt: null, revokedAt: null });
  const rows = JSON.stringify(await query('SELECT a::text FROM lockstep_admin.api_keys a'));
  expect(rows).not.toContain(text.slice(-43));
});

it('shows that neither another secret, another id, nor any other text counts', async () => {
  const { text } = await keys.create('one', 'admin');
  const { text: other } = await keys.create('two', 'admin');
  const mixed = text.slice(0, 21) + other.slice(21);
  const flipped = text.slice(0, -2) + (text.at(-2) === 'A' ? 'B' : 'A') + text.slice(-1);
  for (const wrong of [mixed, flipped, `${text} `, text.slice(0, -1), 'lsk__', '', `Bearer ${text}`]) {
    expect(await keys.authenticate(wrong), wrong).toEqual({ status: 'unknown' });
  }
  expect(parseApiKey(mixed)).not.toBeNull();
});

it('shows that a key counts until it expires and no longer', async () => {
  const { text: past } = await keys.create('past', 'viewer', fromNow(-1));
  const { text: future } = await keys.create('future', 'viewer', fromNow(MINUTE));
  expect(await keys.authenticate(past)).toEqual({ status: 'expired' });
  expect(await keys.authenticate(future)).toMatchObject({ status: 'valid' });
});

it('shows that a revoked key ends at once, for good, and is not named to those without its secret', async () => {
  const { key, text } = await keys.create('gone', 'admin', fromNow(MINUTE));
  const { revokedAt } = await keys.revoke(key.id);
  expect(await keys.authenticate(text)).toEqual({ status: 'revoked' });
  expect(await keys.authenticate(`lsk_${key.id}_${'A'.repeat(43)}`)).toEqual({ status: 'unknown' });
  expect((await keys.revoke(key.id)).revokedAt).toEqual(revokedAt);
  await expect(keys.rotate(key.id, MINUTE)).rejects.toMatchObject({ code: 'API_KEY_NOT_ROTATABLE' });
  await expect(keys.revoke('0123456789abcdef')).rejects.toMatchObject({ code: 'API_KEY_UNKNOWN' });
});

it('shows that a rotated key and its successor both count during the overlap, then only the successor', async () => {
  const expiresAt = fromNow(10 * MINUTE);
  const first = await keys.create('ops', 'operator', expiresAt);
  const second = await keys.rotate(first.key.id, MINUTE);
  expect(second.key).toMatchObject({ name: 'ops', role: 'operator', expiresAt });
  expect(await keys.authenticate(first.text)).toMatchObject({ status: 'valid', key: { rotatedTo: second.key.id } });
  expect(await keys.authenticate(second.text)).toMatchObject({ status: 'valid' });
  const third = await keys.rotate(second.key.id, 0);
  expect(await keys.authenticate(second.text)).toEqual({ status: 'expired' });
  expect(await keys.authenticate(third.text)).toMatchObject({ status: 'valid' });
  await expect(keys.rotate(first.key.id, MINUTE)).rejects.toMatchObject({ code: 'API_KEY_NOT_ROTATABLE' });
});

it('shows that an overlap does not prolong a key that expires before its end', async () => {
  const expiresAt = fromNow(MINUTE);
  const { key } = await keys.create('short', 'viewer', expiresAt);
  await keys.rotate(key.id, 60 * MINUTE);
  const old = (await keys.list()).find(({ id }) => id === key.id);
  expect(old?.expiresAt).toEqual(expiresAt);
});

it('shows which of some keys have ended', async () => {
  const [valid, expired, revoked] = await Promise.all([
    keys.create('valid', 'viewer'),
    keys.create('expired', 'viewer', fromNow(-1)),
    keys.create('revoked', 'viewer'),
  ]);
  await keys.revoke(revoked.key.id);
  const ids = [valid, expired, revoked].map(({ key }) => key.id);
  expect(await keys.endedAmong([...ids, 'feedfeedfeedfeed'])).toEqual([...ids.slice(1), 'feedfeedfeedfeed']);
});

it('shows that a role may do what those below it may', () => {
  const roles = ['viewer', 'operator', 'admin'] as const;
  const allowed = roles.map((role) => roles.filter((needed) => roleAllows(role, needed)));
  expect(allowed).toEqual([['viewer'], ['viewer', 'operator'], ['viewer', 'operator', 'admin']]);
});
