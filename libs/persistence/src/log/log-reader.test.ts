import { describe, expect, it } from 'vitest';
import {
  absentLane,
  EntryKind,
  entryId,
  entryLeaf,
  laneRoot,
  type LaneSlice,
  logId,
  Slice,
  SLICE_BYTES_MAX,
  verifyLaneProof,
} from '#libs/protocol';
import { bytes32, decisionOf, type Draft, operationOf, shared, testGenesis, transaction } from '../fixtures/chain.js';
import { type TestLog, useServer } from '../fixtures/database.js';
import { type DurableBlock } from '../types.js';
import { EMPTY_SLICE_BYTES } from './read-slices.js';

const server = useServer();

/** Ten blocks, every third empty, the others with entries in all lanes in mixed order. */
async function writtenLog(): Promise<TestLog & { blocks: DurableBlock[] }> {
  const log = await server.createLog();
  const blocks: DurableBlock[] = [];
  for (let number = 1; number <= 10; number++) {
    const nonce = BigInt(number);
    const drafts: Draft[] = [
      transaction(84001, 1, nonce, 100 + number),
      shared(EntryKind.PRICE, Uint8Array.of(number)),
      transaction(84002, 1, nonce),
      transaction(84001, 2, nonce),
    ];
    blocks.push(log.chain.next(number % 3 === 0 ? [] : drafts));
    expect(await log.writer.append(blocks.at(-1)!)).toEqual({ status: 'written' });
  }
  return { ...log, blocks };
}

/** What a follower recomputes of a lane. */
function rootOf(lane: LaneSlice): Uint8Array {
  const leaves = lane.entries.map((entry) => entryLeaf(entry.sequence, entryId(entry.bytes), entry.sender));
  return laneRoot({ chainId: lane.chainId, firstLaneSequence: lane.firstLaneSequence, leaves });
}

describe('genesis', () => {
  it('shows that the first writer wins and the head stands at its log id', async () => {
    const { reader } = await server.createLog();
    const others = await Promise.all([reader.insertGenesis(testGenesis(8)), reader.insertGenesis(testGenesis(9))]);
    for (const genesis of [...others, await reader.genesis()]) expect(genesis).toEqual(testGenesis());
    const head = { epoch: 0, number: 0, hash: logId(testGenesis()), lastSequence: 0n, timestampMs: 1_000 };
    expect(await reader.head()).toEqual(head);
  });
});

describe('slices', () => {
  it('shows that slices prove both lanes, whose sequences are contiguous over all blocks (I1, I12)', async () => {
    const { reader, blocks } = await writtenLog();
    const slices = await reader.slices(84001, 1, 1_000, SLICE_BYTES_MAX);
    expect(slices.map((slice) => slice.header)).toEqual(blocks.map((block) => block.header));
    const next = { shared: 1n, own: 1n };
    for (const slice of slices) {
      for (const name of ['shared', 'own'] as const) {
        const lane = slice[name];
        expect(lane.firstLaneSequence).toBe(next[name]);
        expect(verifyLaneProof(rootOf(lane), lane.index, lane.proof, slice.header.lanesRoot)).toBe(true);
        next[name] += BigInt(lane.entries.length);
      }
      expect([slice.shared.chainId, slice.own.chainId, slice.own.index]).toEqual([0, 84001, 1]);
    }
    expect(next).toEqual({ shared: 8n, own: 15n });
    expect(Slice.serialize(slices[2]!)).toHaveLength(EMPTY_SLICE_BYTES);
  });

  it('shows that slices begin where asked and stop at the limit, at the bytes, and at the head', async () => {
    const { reader } = await writtenLog();
    const numbers = async (...rest: [number, number, number]) =>
      (await reader.slices(84002, ...rest)).map((slice) => slice.header.number);
    expect(await numbers(4, 3, SLICE_BYTES_MAX)).toEqual([4, 5, 6]);
    expect(await numbers(9, 100, SLICE_BYTES_MAX)).toEqual([9, 10]);
    expect(await numbers(11, 100, SLICE_BYTES_MAX)).toEqual([]);
    expect(await numbers(4, 100, 1)).toEqual([4]);
    const all = await reader.slices(84002, 1, 100, SLICE_BYTES_MAX);
    let bytes = 0;
    for (const [index, slice] of all.entries()) {
      bytes += Slice.serialize(slice).length;
      expect(await numbers(1, 100, bytes)).toHaveLength(index + 1);
      if (index > 0) expect(await numbers(1, 100, bytes - 1)).toHaveLength(index);
    }
  });

  it('shows that a rollup has no lane in blocks from before it was registered; the shared lane alone is an error', async () => {
    const { reader } = await writtenLog();
    const [before] = await reader.slices(5, 1, 1, SLICE_BYTES_MAX);
    expect(before!.own).toEqual(absentLane(5));
    const [other] = await reader.slices(84001, 1, 1, SLICE_BYTES_MAX);
    expect([before!.header, before!.shared]).toEqual([other!.header, other!.shared]);
    await expect(reader.slices(0, 1, 10, SLICE_BYTES_MAX)).rejects.toThrow(RangeError);
  });
});

describe('blocks and entries', () => {
  it('shows that blocks are found by height, range and hash', async () => {
    const { reader, blocks } = await writtenLog();
    expect((await reader.blocks(3, 5)).map((block) => block.number)).toEqual([3, 4, 5]);
    expect(await reader.blockByHash(blocks[6]!.hash)).toEqual(await reader.block(7));
    expect((await reader.block(7))?.header).toEqual(blocks[6]!.header);
    expect(await reader.block(11)).toBeUndefined();
    expect(await reader.blockByHash(bytes32(0))).toBeUndefined();
  });

  it('shows that entries are found by id, by block and lane, and by sequence', async () => {
    const { reader, blocks } = await writtenLog();
    const block = blocks[6]!;
    const expected = block.entries.map((entry) => ({ ...entry, blockNumber: 7 }));
    expect(await reader.entriesOfBlock(7)).toEqual(expected);
    expect(await reader.entriesOfBlock(7, 84001)).toEqual(expected.filter((entry) => entry.lane === 84001));
    expect(await reader.entriesOfBlock(3)).toEqual([]);
    expect(await reader.entriesOfBlock(99)).toEqual([]);
    expect(await reader.entryById(expected[2]!.id)).toEqual(expected[2]);
    expect(await reader.entriesFrom(block.header.firstSequence, 4)).toEqual(expected);
    expect(await reader.entriesFrom(1n, 1_000)).toHaveLength(28);
  });

  it('shows that next nonces and lane heads follow from the log', async () => {
    const { reader, blocks } = await writtenLog();
    const sender = (byte: number) => new Uint8Array(20).fill(byte);
    const queries = [
      { chainId: 84002, sender: sender(2) },
      { chainId: 84001, sender: sender(2) },
      { chainId: 84002, sender: sender(1) },
    ];
    expect(await reader.nextNonces(queries)).toEqual([0n, 11n, 11n]);
    expect(await reader.nextNonces([])).toEqual([]);
    const heads = [
      [0, 7n],
      [84001, 14n],
      [84002, 7n],
    ] as const;
    expect(await reader.laneHeads()).toEqual(new Map(heads));
    expect(blocks.at(-1)!.entries).toHaveLength(4);
  });
});

describe('operations', () => {
  it('shows that operations are found by id and by signer and nonce, and undecided ones with their PREPARE', async () => {
    const { chain, reader, writer } = await server.createLog();
    const operations = [];
    for (const byte of [3, 1, 2]) {
      const block = chain.next([shared(EntryKind.PREPARE, Uint8Array.of(byte))]);
      const operation = operationOf(block, byte, 7, BigInt(byte));
      operations.push({ operation, block });
      await writer.append(block, { operations: [operation], decisions: [] });
    }
    const end = chain.next([shared(EntryKind.DECISION, Uint8Array.of(1))]);
    const decision = decisionOf(end, 1);
    await writer.append(end, { operations: [], decisions: [decision] });

    const { operation } = operations[1]!;
    expect(await reader.operation(bytes32(1))).toEqual(operation);
    expect(await reader.operationBySignerNonce(operation.signer, 1n)).toEqual(operation);
    expect(await reader.operationBySignerNonce(operation.signer, 9n)).toBeUndefined();
    expect(await reader.decision(bytes32(1))).toEqual(decision);
    expect(await reader.decision(bytes32(2))).toBeUndefined();
    const undecided = [operations[0]!, operations[2]!].map(({ operation, block }) => ({
      ...operation,
      prepareBytes: block.entries[0]!.bytes,
      prepareBlockHash: block.hash,
      prepareBlockTimestampMs: block.header.timestamp,
    }));
    expect(await reader.undecided()).toEqual(undecided);
  });
});
