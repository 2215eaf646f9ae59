import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bigIntToBytesBE,
  bytesToBigIntBE,
  bytesToHex,
  compareBytes,
  concatBytes,
  equalBytes,
  hexToBytes,
  uint64ToBytesBE,
} from './bytes.js';

describe('hex', () => {
  it('gives back the bytes it was made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => equalBytes(hexToBytes(bytesToHex(bytes)), bytes)),
    );
  });

  it('shows a view of a larger buffer, not the buffer', () => {
    expect(bytesToHex(Uint8Array.of(1, 2, 3).subarray(1, 2))).toBe('0x02');
  });

  it.each(['', '0', 'ab', '0x0', '0xzz', '0x0g', '0x 1', '0X00', '0x0\u0131', '0x00\n'])('refuses %j', (hex) => {
    expect(() => hexToBytes(hex)).toThrow(/hex digits/);
  });

  it('returns plain arrays, so that equality with other arrays holds', () => {
    expect(hexToBytes('0xAbcd')).toEqual(Uint8Array.of(0xab, 0xcd));
  });
});

describe('integers', () => {
  it('come back from bytes of any length', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), (value) => bytesToBigIntBE(bigIntToBytesBE(value, 32)) === value),
    );
    fc.assert(fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => bytesToBigIntBE(uint64ToBytesBE(value)) === value));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 12 }), (bytes) =>
        equalBytes(bigIntToBytesBE(bytesToBigIntBE(bytes), bytes.length), bytes),
      ),
    );
  });

  it('are refused where they do not fit', () => {
    for (let length = 0; length <= 9; length++) {
      const end = 2n ** BigInt(8 * length);
      expect(bytesToBigIntBE(bigIntToBytesBE(end - 1n, length))).toBe(end - 1n);
      expect(() => bigIntToBytesBE(end, length)).toThrow(RangeError);
      expect(() => bigIntToBytesBE(end << 40n, length)).toThrow(RangeError);
    }
    expect(() => bigIntToBytesBE(-1n, 1)).toThrow(RangeError);
    expect(() => uint64ToBytesBE(2n ** 64n)).toThrow(RangeError);
    expect(() => uint64ToBytesBE(-1n)).toThrow(RangeError);
  });
});

describe('byte order', () => {
  it('compares by the first difference, then by length', () => {
    const sorted = [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(0, 1), Uint8Array.of(1)];
    expect([...sorted].reverse().sort(compareBytes)).toEqual(sorted);
    expect(concatBytes(...sorted)).toEqual(Uint8Array.of(0, 0, 1, 1));
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false);
  });

  it('are equal where no byte differs, however many there are', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (a, at, by) => {
          const b = a.slice();
          expect(equalBytes(a, b)).toBe(true);
          b[at % b.length]! ^= by;
          expect(equalBytes(a, b)).toBe(false);
        },
      ),
    );
  });
});
