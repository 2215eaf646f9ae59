import { expect, it } from 'vitest';
import { genesisCursor, MemorySequencer, testGenesis, testSigner, verifySlice } from '#libs/executor-sdk';
import { bytesToHex, encodeEntry, EntryKind, entryId } from '#libs/protocol';
import { handedBlock } from './handed-block.js';

it('gives of a verified block what a follower was handed, with the first sequence of each lane', () => {
  const genesis = testGenesis();
  const sequencer = new MemorySequencer(genesis, testSigner('sequencer'));
  const own = encodeEntry(EntryKind.STATE_ROOT, new Uint8Array([1]));
  const foreign = encodeEntry(EntryKind.STATE_ROOT, new Uint8Array([2]));
  const shared = encodeEntry(EntryKind.PRICE, new Uint8Array([3]));
  let cursor = genesisCursor(genesis, 7);
  const handed = [1, 2].map(() => {
    const { slices } = sequencer.append([
      { bytes: own, chainId: 7 },
      { bytes: shared },
      { bytes: foreign, chainId: 8 },
      { bytes: own, chainId: 7 },
    ]);
    const block = verifySlice(cursor, slices.get(7)!);
    cursor = block.cursor;
    return handedBlock(block);
  });
  expect(handed[1]).toEqual({
    number: 2,
    hash: bytesToHex(sequencer.blocks[1]!.hash),
    firstLaneSequences: { own: 3n, shared: 2n },
    entries: [
      { sequence: 5n, id: bytesToHex(entryId(own)) },
      { sequence: 6n, id: bytesToHex(entryId(shared)) },
      { sequence: 8n, id: bytesToHex(entryId(own)) },
    ],
  });
});
