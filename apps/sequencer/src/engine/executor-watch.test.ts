// Shows that only a voting executor's status breaks its silence, and that silence is counted anew with each epoch.
import { beforeEach, expect, test } from 'vitest';
import { bytesToHex } from '#libs/protocol';
import { ExecutorWatch } from './executor-watch.js';
import { A, address, B, genesis, replicaKey, votingKey } from './testing/world.js';

let { registry } = genesis;
beforeEach(() => ({ registry } = genesis));

const status = (chainId: number, role: 'voting' | 'replica', number = 1) => {
  const key = bytesToHex(role === 'voting' ? votingKey(chainId) : replicaKey(chainId));
  return { chainId, role, key, number, state: 'following' };
};

test('an executor is silent once nothing came for longer than the bound', () => {
  const watch = new ExecutorWatch(5_000, 0, () => registry);
  watch.seen(status(A, 'voting'), 1_000);
  expect(watch.silentAmong([A, B], 5_000)).toEqual([]);
  expect(watch.silentAmong([A, B], 5_001)).toEqual([B]);
  expect(watch.silentAmong([A], 5_001)).toEqual([]);
  expect(watch.silentAmong([A, B], 6_001)).toEqual([A, B]);
});

test('a replica does not speak for the executor that votes', () => {
  const watch = new ExecutorWatch(5_000, 0, () => registry);
  watch.seen(status(A, 'replica'), 5_000);
  expect(watch.silentAmong([A], 5_001)).toEqual([A]);
});

test('a new epoch counts silence anew, and keeps what was heard later', () => {
  const watch = new ExecutorWatch(5_000, 0, () => registry);
  watch.countAnew(10_000);
  expect(watch.silentAmong([A], 15_000)).toEqual([]);
  expect(watch.silentAmong([A], 15_001)).toEqual([A]);
  watch.seen(status(A, 'voting'), 15_002);
  expect(watch.silentAmong([A], 20_002)).toEqual([]);
});

test('the newest status of each executor is kept', () => {
  const watch = new ExecutorWatch(5_000, 0, () => registry);
  watch.seen(status(A, 'voting', 7), 1);
  watch.seen(status(A, 'replica', 6), 2);
  watch.seen(status(A, 'voting', 8), 3);
  expect(watch.statuses()).toEqual([status(A, 'voting', 8), status(A, 'replica', 6)]);
});

test('a status under a key that the registry does not list for its rollup and role changes nothing', () => {
  const watch = new ExecutorWatch(5_000, 0, () => registry);
  for (let n = 0; n < 1_000; n++) watch.seen({ ...status(A, 'voting'), key: `0x${n}` }, 6_000);
  watch.seen({ ...status(A, 'voting'), key: status(A, 'replica').key }, 6_000);
  watch.seen({ ...status(B, 'voting'), chainId: A }, 6_000);
  watch.seen(status(999, 'voting'), 6_000);
  expect(watch.statuses()).toEqual([]);
  expect(watch.silentAmong([A], 6_000)).toEqual([A]);
});

test('after a rotation the old key is forgotten', () => {
  const watch = new ExecutorWatch(5_000, 0, () => registry);
  watch.seen(status(A, 'voting'), 1);
  registry = {
    ...registry,
    rollups: registry.rollups.map((rollup) => ({ ...rollup, votingKey: address(0x77) })),
  };
  expect(watch.statuses()).toEqual([]);
  watch.seen(status(A, 'voting'), 5_500);
  expect(watch.silentAmong([A], 6_000)).toEqual([A]);
});
