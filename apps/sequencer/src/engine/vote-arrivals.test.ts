import { describe, expect, it } from 'vitest';
import { VoteArrivals } from './vote-arrivals.js';
import type { SignedVote } from '#libs/protocol';

const id = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const vote = (byte: number, chainId: number) => ({ operationId: id(byte), chainId }) as SignedVote['vote'];

describe('VoteArrivals', () => {
  it('shows that arrivals are kept in their order', () => {
    const arrivals = new VoteArrivals();
    arrivals.add(vote(1, 84002), 10);
    arrivals.add(vote(1, 84001), 12);
    expect(arrivals.of(id(1))).toEqual([
      { chainId: 84002, atMs: 10 },
      { chainId: 84001, atMs: 12 },
    ]);
    expect(arrivals.of(id(2))).toEqual([]);
  });

  it('shows that the oldest operation is forgotten when there are too many', () => {
    const arrivals = new VoteArrivals(2);
    for (const byte of [1, 2, 3]) arrivals.add(vote(byte, 84001), byte);
    expect([1, 2, 3].map((byte) => arrivals.of(id(byte)).length)).toEqual([0, 1, 1]);
  });
});
