// Shows for how long a key may read that Postgres has vouched for and cannot be asked about.
import { expect, test } from 'vitest';
import type { ApiKey } from '#libs/persistence';
import { RecentKeys } from './recent-keys.js';

const key = (expiresAt: Date | null = null): ApiKey => ({ id: '01', role: 'admin', expiresAt }) as ApiKey;

test('a quarter of an hour, until its own expiry, until it is refused, and nobody else', () => {
  let now = 0;
  let wall = 500_000;
  const keys = new RecentKeys(
    () => now,
    () => wall,
  );
  keys.vouched('a', key());
  keys.vouched('b', key(new Date(501_000)));
  keys.vouched('c', key());
  keys.refused('c');
  expect(['a', 'b', 'c', 'd'].map((text) => keys.find(text)?.id ?? null)).toEqual(['01', '01', null, null]);
  wall = 500_999;
  expect(keys.find('b')).not.toBeNull();
  wall = 501_000;
  expect(keys.find('b')).toBeNull();
  wall = 0;
  now = 899_999;
  expect(keys.find('a')).not.toBeNull();
  now = 900_000;
  expect(keys.find('a')).toBeNull();
});

test('one that is in use reads for a second and a half after it was last looked at', () => {
  let now = 0;
  const keys = new RecentKeys(() => now);
  keys.vouched('a', { ...key(), id: '01' });
  keys.vouched('b', { ...key(), id: '02' });
  now = 1_000;
  expect(keys.current('a')?.id).toBe('01');
  expect([keys.usedSince(0), keys.usedSince(500)]).toEqual([['01', '02'], ['01']]);
  keys.looked(['01'], [], 900);
  now = 1_500;
  expect([keys.current('a')?.id, keys.current('b')]).toEqual(['01', null]);
  now = 2_400;
  expect([keys.current('a'), keys.find('a')?.id]).toEqual([null, '01']);
  keys.looked(['01', '02'], ['01'], 2_400);
  expect([keys.find('a'), keys.current('b')?.id]).toEqual([null, '02']);
});

test('however many keys there are, the newest 1,024 are remembered', () => {
  const keys = new RecentKeys();
  for (let n = 0; n < 1_030; n++) keys.vouched(String(n), key());
  expect([keys.find('5'), keys.find('6')?.id, keys.find('1029')?.id]).toEqual([null, '01', '01']);
});
