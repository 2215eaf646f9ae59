import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, concatBytes, equalBytes } from './bytes.js';
import { LANE_ENTRIES_MAX, ROLLUPS_MAX } from './constants.js';
import { entryLeaf } from './entry.js';
import { type Lane, LANE_PROOF_LENGTH, laneRoot, lanesRoot, proveLanes, verifyLaneProof } from './lane.js';
import { address, bytes32, uint53, uint64 } from './testing/arbitraries.js';

const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  Uint8Array.from(
    createHash('sha256')
      .update(concatBytes(...parts))
      .digest(),
  );

/** SSZ's merkleize, written plainly from the specification: chunks padded with zeros to a power of two. */
function merkleize(chunks: Uint8Array[], limit: number): Uint8Array {
  let layer = chunks;
  let zero: Uint8Array = new Uint8Array(32);
  for (let width = limit; width > 1; width /= 2) {
    const padded = layer.length % 2 === 1 ? [...layer, zero] : layer;
    layer = Array.from({ length: padded.length / 2 }, (_, at) => sha256(padded[2 * at]!, padded[2 * at + 1]!));
    zero = sha256(zero, zero);
  }
  return layer[0] ?? zero;
}

function uintChunk(value: bigint): Uint8Array {
  const chunk = new Uint8Array(32);
  new DataView(chunk.buffer).setBigUint64(0, value, true);
  return chunk;
}

const listRoot = (chunks: Uint8Array[], limit: number): Uint8Array =>
  sha256(merkleize(chunks, limit), uintChunk(BigInt(chunks.length)));

const roots = fc.array(bytes32, { minLength: 1, maxLength: ROLLUPS_MAX + 1 });
const rootsAndIndex = roots.chain((list) => fc.tuple(fc.constant(list), fc.nat(list.length - 1)));

describe('laneRoot', () => {
  it('is the SSZ root of chain id, first lane sequence and leaves', () => {
    fc.assert(
      fc.property(uint53, uint64, fc.array(bytes32, { maxLength: 40 }), (chainId, firstLaneSequence, leaves) => {
        const fields = [uintChunk(BigInt(chainId)), uintChunk(firstLaneSequence), listRoot(leaves, LANE_ENTRIES_MAX)];
        expect(laneRoot({ chainId, firstLaneSequence, leaves })).toEqual(merkleize(fields, 4));
      }),
    );
  });

  it('changes with the order, a sender, a sequence, the lane’s place and its chain', () => {
    const entries = fc.array(fc.record({ id: bytes32, sender: address }), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(entries, uint53, (list, chainId) => {
        const lane = (
          first: bigint,
          change: (entry: (typeof list)[0]) => (typeof list)[0] = (entry) => entry,
        ): Lane => ({
          chainId,
          firstLaneSequence: 1n,
          leaves: list.map((entry, at) => entryLeaf(first + BigInt(at), entry.id, change(entry).sender)),
        });
        const base = lane(1n);
        const root = laneRoot(base);
        const last = list.at(-1)!;
        const changed = [
          { ...base, leaves: base.leaves.toReversed() },
          lane(2n),
          lane(1n, (entry) => (entry === last ? { ...entry, sender: entry.sender.map((byte) => byte ^ 1) } : entry)),
          { ...base, firstLaneSequence: 2n },
          { ...base, chainId: chainId === 0 ? 1 : chainId - 1 },
          { ...base, leaves: base.leaves.slice(0, -1) },
          { ...base, leaves: [...base.leaves, new Uint8Array(32)] },
        ];
        for (const other of changed) expect(laneRoot(other)).not.toEqual(root);
      }),
    );
  });
});

describe('a lane proof', () => {
  it('leads to the SSZ root over all lanes', () => {
    fc.assert(
      fc.property(roots, (list) => {
        expect(lanesRoot(list)).toEqual(listRoot(list, 2 * ROLLUPS_MAX));
        const proofs = proveLanes(list, [...list.keys()]);
        list.forEach((root, index) => {
          expect(proofs[index]).toHaveLength(LANE_PROOF_LENGTH);
          expect(verifyLaneProof(root, index, proofs[index]!, lanesRoot(list))).toBe(true);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('fails for every other index, also those that no lane can have', () => {
    fc.assert(
      fc.property(rootsAndIndex, ([list, index]) => {
        fc.pre(new Set(list.map(bytesToHex)).size === list.length);
        const [proof] = proveLanes(list, [index]) as [Uint8Array[]];
        const verifies = (at: number): boolean => verifyLaneProof(list[index]!, at, proof, lanesRoot(list));
        for (let at = 0; at <= 2 * ROLLUPS_MAX; at++) expect(verifies(at), String(at)).toBe(at === index);
        for (const at of [-1, index + 0.5, index + 256, index - 256, NaN, Infinity]) expect(verifies(at)).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it('fails for another root, another sibling, another length and another lanes root', () => {
    fc.assert(
      fc.property(rootsAndIndex, bytes32, fc.nat(LANE_PROOF_LENGTH - 1), ([list, index], other, level) => {
        const root = list[index]!;
        const [proof] = proveLanes(list, [index]) as [Uint8Array[]];
        fc.pre(!equalBytes(other, root) && !equalBytes(other, proof[level]!));
        const over = lanesRoot(list);
        expect(verifyLaneProof(other, index, proof, over)).toBe(false);
        expect(verifyLaneProof(root, index, proof.with(level, other), over)).toBe(false);
        expect(verifyLaneProof(root, index, proof.slice(0, -1), over)).toBe(false);
        expect(verifyLaneProof(root, index, proof.slice(1), over)).toBe(false);
        expect(verifyLaneProof(root, index, [...proof, other], over)).toBe(false);
        expect(verifyLaneProof(root, index, [], root)).toBe(false);
        expect(verifyLaneProof(root, index, proof, other)).toBe(false);
      }),
    );
  });

  it('proves an empty lane too, so that nothing can be left out unseen', () => {
    const lanes = [0, 84001, 84002].map((chainId) => laneRoot({ chainId, firstLaneSequence: 1n, leaves: [] }));
    const [proof] = proveLanes(lanes, [2]) as [Uint8Array[]];
    expect(verifyLaneProof(lanes[2]!, 2, proof, lanesRoot(lanes))).toBe(true);
    const filled = laneRoot({ chainId: 84002, firstLaneSequence: 1n, leaves: [new Uint8Array(32)] });
    expect(verifyLaneProof(filled, 2, proof, lanesRoot(lanes))).toBe(false);
  });
});
