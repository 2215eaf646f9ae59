import { ContainerType as LibraryContainerType, ByteListType } from '@chainsafe/ssz';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContainerType } from './container.js';
import { Bytes32, Uint256, Uint53 } from './primitives.js';

const fields = { id: Bytes32, amount: Uint256, text: new ByteListType(10_000), timeMs: Uint53 };
const Ours = new ContainerType(fields);
const Library = new LibraryContainerType(fields);

describe('a container', () => {
  it('is serialised to the same bytes as by the library, whatever was serialised before it and whatever its size', () => {
    const values = fc.record({
      id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      amount: fc.bigInt(0n, 2n ** 256n - 1n),
      text: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(9_999).map((length) => new Uint8Array(length).fill(length)),
      ),
      timeMs: fc.maxSafeNat(),
    });
    fc.assert(
      fc.property(fc.array(values, { maxLength: 5 }), (list) => {
        const bytes = list.map((value) => Ours.serialize(value));
        expect(bytes).toEqual(list.map((value) => Library.serialize(value)));
      }),
    );
  });
});
