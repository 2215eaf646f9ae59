import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from './bytes.js';
import { SLICE_BYTES_MAX } from './constants.js';
import { Header } from './header.js';
import { Decision, Prepare, SignedVote, Vote } from './operation.js';
import { SignedPrice } from './price.js';
import { SignedRegistryChange } from './registry.js';
import { ReplayResponse, Slice } from './slice.js';
import { SignedStateRoot } from './state-root.js';
import * as arbitraries from './testing/arbitraries.js';

interface Encoding {
  serialize(value: unknown): Uint8Array;
  deserialize(bytes: Uint8Array): unknown;
}

const ENCODINGS: [name: string, type: Encoding, values: fc.Arbitrary<unknown>][] = [
  ['Header', Header, arbitraries.header],
  ['Slice', Slice, arbitraries.slice],
  ['Prepare', Prepare as unknown as Encoding, arbitraries.prepare],
  ['SignedVote', SignedVote, arbitraries.signedVote],
  ['Decision', Decision, arbitraries.decision],
  ['SignedPrice', SignedPrice, arbitraries.signedPrice],
  ['SignedStateRoot', SignedStateRoot, arbitraries.signedStateRoot],
  ['SignedRegistryChange', SignedRegistryChange, arbitraries.signedRegistryChange],
] as unknown as [string, Encoding, fc.Arbitrary<unknown>][];

describe.each(ENCODINGS)('%s', (_, type, values) => {
  it('comes back from its bytes', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(type.deserialize(type.serialize(value))).toEqual(value);
      }),
    );
  });

  it('has one encoding: changed bytes are refused, or are the encoding of another value', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, position, change) => {
        const bytes = type.serialize(value);
        const place = position % bytes.length;
        bytes[place]! ^= change;
        const again = canonical(type, bytes);
        expect(again === null || equalBytes(again, bytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is not read from bytes that are cut short or have some to spare', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = type.serialize(value);
        for (const other of [bytes.subarray(0, -1), bytes.subarray(1), Uint8Array.of(...bytes, 0)]) {
          // Where a list comes last, one byte more can be a longer list; it must not be read as the same value.
          expect(canonical(type, other)).not.toEqual(bytes);
        }
      }),
    );
  });
});

/** What these bytes are read as, encoded again; null where they are refused. */
function canonical(type: Encoding, bytes: Uint8Array): Uint8Array | null {
  let value: unknown;
  try {
    value = type.deserialize(bytes);
  } catch {
    return null;
  }
  return type.serialize(value);
}

describe('votes', () => {
  it('have another root for each field that changes, so each is signed', () => {
    fc.assert(
      fc.property(arbitraries.vote, (vote) => {
        const root = Vote.hashTreeRoot(vote);
        for (const [name, value] of Object.entries(vote) as [keyof Vote, Vote[keyof Vote]][]) {
          let other: unknown;
          if (typeof value === 'boolean') other = !value;
          else if (typeof value === 'number') other = value === 0 ? 1 : value - 1;
          else if (typeof value === 'bigint') other = value ^ 1n;
          else if (value instanceof Uint8Array) other = value.map((byte) => byte ^ 1);
          else other = [...value, { chainId: 1, laneSequence: 1n }];
          expect(Vote.hashTreeRoot({ ...vote, [name]: other }), name).not.toEqual(root);
        }
      }),
    );
  });
});

describe('a replay response', () => {
  it('carries slices up to their largest size', () => {
    const slices = [new Uint8Array(SLICE_BYTES_MAX), new Uint8Array(1)];
    const response = { head: 2, slices, genesisBytes: 0, genesisPart: new Uint8Array() };
    const read = ReplayResponse.deserialize(ReplayResponse.serialize(response));
    expect(read.slices.map(({ length }) => length)).toEqual([SLICE_BYTES_MAX, 1]);
    const tooLarge = { ...response, slices: [new Uint8Array(SLICE_BYTES_MAX + 1)] };
    expect(() => ReplayResponse.deserialize(ReplayResponse.serialize(tooLarge))).toThrow();
  });
});
