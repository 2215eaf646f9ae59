import { describe, expect, it } from 'vitest';
import { Uint256, Uint32, Uint53, Uint64, Uint8 } from './primitives.js';

const littleEndian = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
};

describe('integers held as numbers', () => {
  it('go up to what fits in both the width and a number', () => {
    const largest: [typeof Uint53, number][] = [
      [Uint8, 255],
      [Uint32, 2 ** 32 - 1],
      [Uint53, Number.MAX_SAFE_INTEGER],
    ];
    for (const [type, value] of largest) {
      expect(type.deserialize(type.serialize(value))).toBe(value);
      expect(() => type.serialize(value + 1)).toThrow(RangeError);
    }
  });

  it('are refused beyond it instead of rounded, wrapped or taken for infinity', () => {
    for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(() => Uint53.deserialize(littleEndian(value)), String(value)).toThrow(RangeError);
    }
    expect(Uint53.deserialize(littleEndian(2n ** 53n - 1n))).toBe(Number.MAX_SAFE_INTEGER);
    for (const value of [-1, 0.5, NaN, Infinity]) {
      expect(() => Uint53.serialize(value), String(value)).toThrow(RangeError);
      expect(() => Uint53.hashTreeRoot(value), String(value)).toThrow(RangeError);
    }
  });
});

describe('integers held as bigints', () => {
  it('are refused where they do not fit', () => {
    for (const type of [Uint64, Uint256]) {
      const end = 1n << BigInt(8 * type.byteLength);
      expect(type.deserialize(type.serialize(end - 1n))).toBe(end - 1n);
      expect(() => type.serialize(end)).toThrow(RangeError);
      expect(() => type.serialize(-1n)).toThrow(RangeError);
      expect(() => type.hashTreeRoot(end)).toThrow(RangeError);
    }
  });
});
