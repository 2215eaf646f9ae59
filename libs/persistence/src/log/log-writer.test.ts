import { describe, expect, it } from 'vitest';
import { EntryKind } from '#libs/protocol';
import { LogWriteError } from '../errors.js';
import { decisionOf, operationOf, shared, transaction } from '../fixtures/chain.js';
import { openWriter, useServer } from '../fixtures/database.js';
import { type DurableBlock } from '../types.js';

const server = useServer();
const two = [transaction(84001, 1, 0n), transaction(84002, 1, 0n)];
const prepare = (byte: number) => [shared(EntryKind.PREPARE, Uint8Array.of(byte))];
const decision = (byte: number) => [shared(EntryKind.DECISION, Uint8Array.of(byte))];

describe('append', () => {
  it('shows that a block is written with its entries and moves the head', async () => {
    const { chain, reader, writer } = await server.createLog();
    const block = chain.next([...two, ...prepare(1)]);
    expect(await writer.append(block)).toEqual({ status: 'written' });
    const head = { epoch: 0, number: 1, lastSequence: 3n, timestampMs: block.header.timestamp };
    expect(await reader.head()).toMatchObject(head);
    const entries = await reader.entriesOfBlock(1);
    expect(entries.map(plain)).toEqual(block.entries.map((entry) => plain({ ...entry, blockNumber: 1 })));
    const stored = await reader.block(1);
    expect(stored?.header).toEqual(block.header);
    expect(stored?.lanes.map((lane) => lane.entryCount)).toEqual([1, 1, 1]);
    expect(await writer.append(chain.next([]))).toEqual({ status: 'written' });
  });

  it('shows that appending the same block again changes nothing and is told from a conflict', async () => {
    const { chain, reader, writer } = await server.createLog();
    const block = chain.draft(two);
    await writer.append(block);
    expect(await writer.append(block)).toMatchObject({ status: 'own', head: { number: 1 } });
    const other = chain.draft([transaction(84001, 2, 0n)]);
    expect(await writer.append(other)).toMatchObject({ status: 'conflict', head: { number: 1, epoch: 0 } });
    expect(await reader.entryById(other.entries[0]!.id)).toBeUndefined();
  });

  it.each([
    ['another epoch', { epoch: 1 }],
    ['another parent', { parentHash: new Uint8Array(32) }],
    ['a height further on', { number: 2 }],
    ['an earlier log time', { timestamp: 999 }],
  ])('shows that a block with %s is a conflict and writes nothing', async (_, change) => {
    const { chain, dataSource, writer } = await server.createLog();
    expect(await writer.append(chain.draft(two, change))).toMatchObject({ status: 'conflict', head: { number: 0 } });
    expect(await counts(dataSource)).toEqual({ blocks: '0', entries: '0' });
  });

  it('shows that a block that skips a sequence, and does not say so, is a conflict (I1)', async () => {
    const { chain, writer } = await server.createLog();
    const block = chain.draft(two, { firstSequence: 2n });
    for (const entry of block.entries) entry.sequence += 1n;
    expect(await writer.append(block)).toMatchObject({ status: 'conflict' });
  });

  it('shows that a block that contradicts itself is refused before it reaches the database (I1)', async () => {
    const { chain, writer } = await server.createLog();
    const block = chain.draft(two);
    block.entries[1]!.laneSequence = 5n;
    await expect(writer.append(block)).rejects.toMatchObject({ code: 'INVARIANT_BROKEN' });
    await expect(writer.append({ ...chain.draft(two), entries: [] })).rejects.toThrow(/^I1/);
  });

  it('shows that a repeated transaction, a used nonce and one beyond 2^63 - 1 are refused whole (I9)', async () => {
    const { chain, dataSource, writer } = await server.createLog();
    await writer.append(chain.next(two));
    const again = chain.draft([shared(EntryKind.PRICE, Uint8Array.of(1)), two[0]!]);
    await expect(writer.append(again)).rejects.toMatchObject({
      type: {
        code: 'UNIQUE_VIOLATION',
        number: 2,
        constraint: expect.stringMatching(/entries_(id|nonce)_key/) as string,
      },
    });
    const sameNonce = chain.draft([transaction(84001, 1, 0n, 111)]);
    await expect(writer.append(sameNonce)).rejects.toMatchObject({ type: { constraint: 'entries_nonce_key' } });
    await expect(writer.append(chain.draft([transaction(84001, 1, 2n ** 63n)]))).rejects.toThrow(RangeError);
    expect(await counts(dataSource)).toEqual({ blocks: '1', entries: '2' });
    expect(await writer.append(chain.draft([transaction(84001, 1, 2n ** 63n - 1n)]))).toEqual({ status: 'written' });
  });

  it('shows that (signer, nonce) is used by one operation, and that there is one decision (I16)', async () => {
    const { chain, reader, writer } = await server.createLog();
    const nonce = 2n ** 256n - 1n;
    const first = chain.next(prepare(1));
    await writer.append(first, { operations: [operationOf(first, 1, 1, nonce)], decisions: [] });
    const second = chain.draft(prepare(2));
    const sameNonce = { operations: [operationOf(second, 2, 1, nonce)], decisions: [] };
    await expect(writer.append(second, sameNonce)).rejects.toMatchObject({
      type: { code: 'UNIQUE_VIOLATION', constraint: 'operations_nonce_key' },
    });
    expect((await reader.undecided()).map((operation) => operation.nonce)).toEqual([nonce]);
    const end = chain.next(decision(1));
    await writer.append(end, { operations: [], decisions: [decisionOf(end, 1)] });
    const secondEnd = chain.draft(decision(2));
    await expect(
      writer.append(secondEnd, { operations: [], decisions: [decisionOf(secondEnd, 1)] }),
    ).rejects.toMatchObject({ type: { code: 'UNIQUE_VIOLATION', constraint: 'decisions_pkey' } });
    expect(await reader.undecided()).toEqual([]);
  });

  it('shows that a PREPARE and its DECISION can stand in one block, a DECISION without PREPARE cannot', async () => {
    const { chain, reader, writer } = await server.createLog();
    const orphan = chain.draft(decision(9));
    await expect(writer.append(orphan, { operations: [], decisions: [decisionOf(orphan, 9)] })).rejects.toMatchObject({
      type: { code: 'WRITE_FAILED', sqlState: '23503' },
    });
    const block = chain.next([...prepare(1), ...decision(1)]);
    const extras = { operations: [operationOf(block, 1, 1, 0n)], decisions: [decisionOf(block, 1)] };
    expect(await writer.append(block, extras)).toEqual({ status: 'written' });
    expect(await reader.decision(extras.decisions[0]!.operationId)).toMatchObject({ outcome: 1 });
  });

  it('shows that two writers of one epoch never both append at a height', async () => {
    const { chain, url, reader, writer } = await server.createLog();
    const rival = openWriter(url);
    await Promise.all([writer.connect(), rival.connect()]);
    for (let nonce = 0n; nonce < 20n; nonce++) {
      const blocks: [DurableBlock, DurableBlock] = [
        chain.draft([transaction(84001, 1, nonce)]),
        chain.draft([transaction(84001, 1, nonce, 111)]),
      ];
      const results = await Promise.all([writer.append(blocks[0]), rival.append(blocks[1])]);
      expect(results.map((result) => result.status).sort()).toEqual(['conflict', 'written']);
      chain.accept(results[0].status === 'written' ? blocks[0] : blocks[1]);
    }
    expect(await reader.head()).toMatchObject({ number: 20, lastSequence: 20n });
  });

  it('shows that a writer refuses to do two things at once, and anything after it was closed', async () => {
    const { chain, writer } = await server.createLog();
    const block = chain.draft(two);
    const append = writer.append(block);
    await expect(writer.append(block)).rejects.toThrow(/one thing at a time/);
    await append;
    await writer.close();
    await expect(writer.append(block)).rejects.toThrow(/closed/);
  });

  it('shows that an unreachable server means that nothing was written', async () => {
    const { chain } = await server.createLog();
    const writer = openWriter('postgres://nobody@127.0.0.1:9/none');
    const error = await writer.append(chain.draft(two)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LogWriteError);
    expect(error).toMatchObject({ code: 'WRITE_FAILED', type: { sqlState: 'ECONNREFUSED' } });
  });
});

const plain = (entry: object): unknown =>
  Object.fromEntries(
    Object.entries(entry).map(([key, value]) => [
      key,
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : (value as unknown),
    ]),
  );

async function counts(dataSource: { query(sql: string): Promise<unknown[]> }): Promise<unknown> {
  const [row] = await dataSource.query(
    'SELECT (SELECT count(*) FROM lockstep.blocks) AS blocks, (SELECT count(*) FROM lockstep.entries) AS entries',
  );
  return row;
}
