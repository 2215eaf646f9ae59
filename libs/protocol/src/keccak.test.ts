import { keccak256 as viemKeccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { bytesToHex } from './bytes.js';
import { keccak256, keccak256Concat } from './keccak.js';

describe('keccak256', () => {
  it('agrees with viem at every length around the sponge rate, and for more than one hasher buffer', () => {
    for (const length of [0, 1, 31, 32, 135, 136, 137, 272, 131_072]) {
      const bytes = new Uint8Array(length).fill(0xa5);
      expect(bytesToHex(keccak256(bytes))).toBe(viemKeccak256(bytes));
    }
  });

  it('returns bytes that a later hash does not change', () => {
    const first = keccak256(Uint8Array.of(1));
    const kept = bytesToHex(first);
    keccak256(Uint8Array.of(2));
    expect(bytesToHex(first)).toBe(kept);
  });

  it('hashes parts as if they were joined', () => {
    expect(keccak256Concat(Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3))).toEqual(
      keccak256(Uint8Array.of(1, 2, 3)),
    );
  });
});
