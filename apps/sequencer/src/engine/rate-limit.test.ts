// Shows that each key has its own bucket, which fills by the clock up to the burst, and that full ones are forgotten.
import { expect, test } from 'vitest';
import { RateLimit } from './rate-limit.js';

const take = (limit: RateLimit, key: string, times: number, nowMs: number): boolean[] =>
  Array.from({ length: times }, () => limit.take(key, nowMs));

test('a key may take the burst at once, then so many a second, whatever others do', () => {
  const limit = new RateLimit(2, 3);
  expect(take(limit, 'a', 4, 0)).toEqual([true, true, true, false]);
  expect(limit.take('b', 0)).toBe(true);
  expect(limit.take('a', 499)).toBe(false);
  expect(limit.take('a', 500)).toBe(true);
  expect(limit.take('a', 999)).toBe(false);
});

test('a refusal costs nothing: trying all the time does not keep a key from its turn', () => {
  const limit = new RateLimit(1, 1);
  limit.take('a', 0);
  for (let nowMs = 100; nowMs < 1000; nowMs += 100) expect(limit.take('a', nowMs)).toBe(false);
  expect(limit.take('a', 1001)).toBe(true);
});

test('a long rest saves up no more than the burst', () => {
  const limit = new RateLimit(2, 3);
  take(limit, 'a', 3, 0);
  expect(take(limit, 'a', 4, 1_000_000)).toEqual([true, true, true, false]);
});

test('keys that are full again make room, those that are not are remembered', () => {
  const limit = new RateLimit(1, 1, 2);
  limit.take('old', 0);
  limit.take('spent', 900);
  limit.take('new', 1000);
  expect([...(limit as unknown as { buckets: Map<string, unknown> }).buckets.keys()]).toEqual(['spent', 'new']);
  expect(limit.take('spent', 1001)).toBe(false);
});
