import { describe, expect, it } from 'vitest';
import { RecentSlices } from './recent-slices.js';

const slice = (number: number): Uint8Array => new Uint8Array(10).fill(number % 256);
const filled = (count: number, options = {}): RecentSlices => {
  const recent = new RecentSlices(options);
  for (let number = 1; number <= count; number++) recent.add(number, [{ chainId: 7, bytes: slice(number) }]);
  return recent;
};

describe('recent slices', () => {
  it('are given from any block that is kept, within count and bytes', () => {
    const recent = filled(5);
    expect(recent.slices(7, 2, 2, 1000)).toEqual([slice(2), slice(3)]);
    expect(recent.slices(7, 2, 10, 25)).toEqual([slice(2), slice(3)]);
    expect(recent.slices(7, 4, 10, 1)).toEqual([slice(4)]);
    expect(recent.slices(7, 6, 1, 1000)).toBeNull();
    expect(recent.slices(8, 2, 1, 1000)).toBeNull();
  });

  it('stay within their bounds and keep the newest', () => {
    const recent = filled(5000, { blocksMax: 100 });
    expect(recent.newest).toBe(5000);
    expect(recent.slices(7, 4901, 1, 1000)).toEqual([slice(4901)]);
    expect(recent.slices(7, 4800, 1, 1000)).toBeNull();
    const small = filled(5000, { bytesMax: 1000 });
    expect(small.slices(7, 4999, 1, 1000)).toEqual([slice(4999)]);
    expect(small.slices(7, 4700, 1, 1000)).toBeNull();
  });

  it('are dropped when the next block does not follow', () => {
    const recent = filled(3);
    recent.add(9, [{ chainId: 7, bytes: slice(9) }]);
    expect(recent.slices(7, 3, 1, 1000)).toBeNull();
    expect(recent.slices(7, 9, 1, 1000)).toEqual([slice(9)]);
  });
});
