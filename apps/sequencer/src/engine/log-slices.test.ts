// Shows where replay takes slices from: those of blocks just written from memory, all others from the log.
import { expect, test } from 'vitest';
import { LogSlices } from './log-slices.js';
import { A, B, genesis } from './testing/world.js';
import { Genesis, logId } from '#libs/protocol';

test('newest slices come from memory until another leads, older ones from the log', async () => {
  const asked: number[] = [];
  const reader = {
    slices: (_chainId: number, from: number) => {
      asked.push(from);
      return Promise.resolve([]);
    },
  };
  const slices = new LogSlices(
    genesis,
    reader,
    () => 8,
    (chainId) => chainId === A,
  );
  expect([slices.head(), logId(Genesis.deserialize(slices.genesisBytes()))]).toEqual([8, logId(genesis)]);
  for (const number of [7, 8]) slices.add(number, [{ chainId: A, bytes: Uint8Array.of(number) }]);
  expect(await slices.slices(A, 7, 10, 1_000)).toEqual([Uint8Array.of(7), Uint8Array.of(8)]);
  expect(asked).toEqual([]);
  await slices.slices(A, 6, 10, 1_000);
  slices.clear();
  await slices.slices(A, 7, 10, 1_000);
  expect(asked).toEqual([6, 7]);
  expect(await slices.slices(B, 1, 10, 1_000)).toEqual([]);
  expect(asked).toEqual([6, 7]);
});
