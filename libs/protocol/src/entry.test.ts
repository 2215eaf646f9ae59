import fc from 'fast-check';
import { keccak256 as viemKeccak256, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { bytesToHex, concatBytes, equalBytes } from './bytes.js';
import { ENTRY_BYTES_MAX, TRANSACTION_BYTES_MAX } from './constants.js';
import { encodeEntry, entryBody, entryId, EntryKind, entryKind, entryLeaf, isShared, NO_SENDER } from './entry.js';
import { address, bytes32, uint64 } from './testing/arbitraries.js';

const KINDS = Object.values(EntryKind).filter((value): value is EntryKind => typeof value === 'number');
const kind = fc.constantFrom(...KINDS);

describe('an entry', () => {
  it('gives back its kind and its body', () => {
    fc.assert(
      fc.property(kind, fc.uint8Array(), (one, body) => {
        const bytes = encodeEntry(one, body);
        expect(entryKind(bytes)).toBe(one);
        expect(entryBody(bytes)).toEqual(body);
        expect(bytes.length).toBe(1 + body.length);
      }),
    );
    expect(TRANSACTION_BYTES_MAX + 1).toBe(ENTRY_BYTES_MAX);
  });

  it('of an unknown kind, or without a first byte, is refused', () => {
    for (const first of [0, 8, 9, 255]) expect(() => entryKind(Uint8Array.of(first))).toThrow(RangeError);
    expect(() => entryKind(new Uint8Array())).toThrow(RangeError);
  });

  it('has the keccak of all its bytes as id; a transaction that of the raw bytes its sender signed', () => {
    fc.assert(
      fc.property(kind, fc.uint8Array(), (one, body) => {
        const bytes = encodeEntry(one, body);
        const hashed = one === EntryKind.TRANSACTION ? body : bytes;
        expect(bytesToHex(entryId(bytes))).toBe(viemKeccak256(toHex(hashed)));
      }),
    );
  });

  it('stands in its rollup’s lane only as a transaction or a state root', () => {
    expect(KINDS.filter((one) => !isShared(one))).toEqual([EntryKind.TRANSACTION, EntryKind.STATE_ROOT]);
  });
});

describe('a leaf', () => {
  it('is the keccak of sequence, id and sender', () => {
    fc.assert(
      fc.property(uint64, bytes32, address, (sequence, id, sender) => {
        const preimage = concatBytes(new Uint8Array(8), id, sender);
        new DataView(preimage.buffer).setBigUint64(0, sequence);
        expect(preimage.length).toBe(60);
        expect(bytesToHex(entryLeaf(sequence, id, sender))).toBe(viemKeccak256(toHex(preimage)));
      }),
    );
  });

  it('changes with sequence, id and sender', () => {
    fc.assert(
      fc.property(uint64, bytes32, address, (sequence, id, sender) => {
        fc.pre(!equalBytes(sender, NO_SENDER));
        const leaf = entryLeaf(sequence, id, sender);
        expect(entryLeaf(sequence ^ 1n, id, sender)).not.toEqual(leaf);
        expect(
          entryLeaf(
            sequence,
            id.toReversed().map((byte) => byte ^ 1),
            sender,
          ),
        ).not.toEqual(leaf);
        expect(entryLeaf(sequence, id, NO_SENDER)).not.toEqual(leaf);
      }),
    );
  });
});
