// Shows that only a voting executor's status breaks its silence, and that silence is counted anew with each epoch.
import { expect, test } from 'vitest';
import { ExecutorWatch } from './executor-watch.js';

const status = (chainId: number, role: 'voting' | 'replica', number = 1) => {
  return { chainId, role, key: `${role} of ${chainId}`, number, state: 'following' };
};

test('an executor is silent once nothing came for longer than the bound', () => {
  const watch = new ExecutorWatch(5_000, 0);
  watch.seen(status(101, 'voting'), 1_000);
  expect(watch.silentAmong([101, 102], 5_000)).toEqual([]);
  expect(watch.silentAmong([101, 102], 5_001)).toEqual([102]);
  expect(watch.silentAmong([101], 5_001)).toEqual([]);
  expect(watch.silentAmong([101, 102], 6_001)).toEqual([101, 102]);
});

test('a replica does not speak for the executor that votes', () => {
  const watch = new ExecutorWatch(5_000, 0);
  watch.seen(status(101, 'replica'), 5_000);
  expect(watch.silentAmong([101], 5_001)).toEqual([101]);
});

test('a new epoch counts silence anew, and keeps what was heard later', () => {
  const watch = new ExecutorWatch(5_000, 0);
  watch.countAnew(10_000);
  expect(watch.silentAmong([101], 15_000)).toEqual([]);
  expect(watch.silentAmong([101], 15_001)).toEqual([101]);
  watch.seen(status(101, 'voting'), 15_002);
  expect(watch.silentAmong([101], 20_002)).toEqual([]);
});

test('the newest status of each executor is kept', () => {
  const watch = new ExecutorWatch(5_000, 0);
  watch.seen(status(101, 'voting', 7), 1);
  watch.seen(status(101, 'replica', 6), 2);
  watch.seen(status(101, 'voting', 8), 3);
  expect(watch.statuses()).toEqual([status(101, 'voting', 8), status(101, 'replica', 6)]);
});
