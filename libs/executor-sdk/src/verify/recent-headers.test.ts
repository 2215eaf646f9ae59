// Shows what a follower makes of headers that a restore has cut off: repeated by whomever, they accuse nobody, after a
// second restore as well; what no restore has cut off still does (I11).
import { ContainerType, ListCompositeType } from '@chainsafe/ssz';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  Bytes32,
  commitmentDigest,
  encodeEntry,
  EntryKind,
  Restore,
  SignedHeader,
  SignedRestore,
  Slice,
  Uint53,
  Uint64,
} from '#libs/protocol';
import { MemorySequencer } from '../testing/memory-sequencer.js';
import { testGenesis, testSigner } from '../testing/test-genesis.js';
import { type Cursor, deserializeCursor, genesisCursor, RESTORES_MAX, serializeCursor } from './cursor.js';
import { RecentHeaders } from './recent-headers.js';
import { verifySlice } from './verify-slice.js';

const CHAIN = 7;
const genesis = testGenesis();
const signer = testSigner('sequencer');
const newLog = (): MemorySequencer => new MemorySequencer(genesis, signer);

let cursor: Cursor;
let recent: RecentHeaders;
beforeEach(() => {
  [cursor, recent] = [genesisCursor(genesis, CHAIN), new RecentHeaders()];
});

/** The log as it goes on from block `kept`, whose later blocks are lost: a RESTORE by an epoch above them, and some more. */
function restored(lost: MemorySequencer, kept: number, blocks: number): MemorySequencer {
  const log = newLog();
  for (const { header } of lost.blocks.slice(0, kept)) {
    log.epoch = header.epoch;
    log.append(entriesOf.get(`${header.number} of ${header.epoch}`) ?? []);
  }
  expect(log.blocks.at(-1)!.hash).toEqual(lost.blocks[kept - 1]!.hash);
  const restore = { lastBlock: kept, lastHash: log.blocks.at(-1)!.hash, epochAbove: lost.epoch };
  const digest = commitmentDigest(log.logId, 'restore', Restore.hashTreeRoot(restore));
  const body = SignedRestore.serialize({ restore, signature: testSigner('registry').sign(digest) });
  log.epoch = lost.epoch + 1;
  const entries = [{ bytes: encodeEntry(EntryKind.RESTORE, body) }];
  entriesOf.set(`${kept + 1} of ${log.epoch}`, entries);
  log.append(entries);
  for (let count = 1; count < blocks; count++) log.append();
  return log;
}
const entriesOf = new Map<string, { bytes: Uint8Array }[]>();

function follow(log: MemorySequencer): void {
  for (const { slices } of log.blocks.slice(cursor.number)) {
    const block = verifySlice(cursor, slices.get(CHAIN)!);
    recent.add(block.signedHeader);
    cursor = block.cursor;
  }
}

function repeat(log: MemorySequencer, number: number): void {
  const { header, signature } = Slice.deserialize(log.blocks[number - 1]!.slices.get(CHAIN)!);
  recent.assertSame({ header, signature }, cursor);
}

function threeBranches(): [MemorySequencer, MemorySequencer, MemorySequencer] {
  const first = newLog();
  for (let number = 1; number <= 12; number++) first.append();
  const second = restored(first, 5, 8);
  const third = restored(second, 9, 6);
  return [first, second, third];
}

describe('after two restores', () => {
  it('headers of the branch that the first one cut off accuse nobody, nor do those of the second', () => {
    const [first, second, third] = threeBranches();
    follow(third);
    expect(cursor.restores.map(({ lastBlock }) => lastBlock)).toEqual([5, 9]);
    for (const number of [6, 8, 10, 12]) repeat(first, number);
    for (const number of [6, 8, 10, 12]) repeat(second, number);
  });

  it('the same holds for a follower that was started again with its stored cursor', () => {
    const [first, , third] = threeBranches();
    follow(third);
    cursor = deserializeCursor(serializeCursor(cursor), cursor.registry);
    repeat(first, 8);
  });

  it('a second header of what was kept, or of an epoch that no restore gave up, is still equivocation', () => {
    const [first, , third] = threeBranches();
    follow(third);
    const kept = newLog();
    for (let number = 1; number <= 4; number++) kept.append();
    const before = kept.equivocate();
    const after = third.equivocate();
    for (const { slices } of [before, after]) {
      const { header, signature } = Slice.deserialize(slices.get(CHAIN)!);
      expect(() => recent.assertSame({ header, signature }, cursor)).toThrow(
        expect.objectContaining({ code: 'EQUIVOCATION' }),
      );
    }
    expect(first.blocks).toHaveLength(12);
  });
});

describe('a follower of a log that was restored', () => {
  it('and is behind the last kept block goes on by itself', () => {
    const [first, , third] = threeBranches();
    first.blocks.splice(4);
    follow(first);
    expect(cursor).toMatchObject({ number: 4, restores: [] });
    follow(third);
    expect(cursor).toMatchObject({ number: third.blocks.length, hash: third.blocks.at(-1)!.hash });
  });

  it('and is ahead ends with FORK at a block that it is past, with both headers', () => {
    const [first, second] = threeBranches();
    follow(first);
    expect(() => repeat(second, 6)).toThrow(
      expect.objectContaining({ code: 'FORK', evidence: [bytes(first), bytes(second)] }),
    );
  });

  it('ends with EQUIVOCATION and both headers where an epoch of the lost branch is used again', () => {
    // As after `lockstep restore --epoch-above N` with an N below what followers saw.
    const lost = newLog();
    for (let number = 1; number <= 8; number++) lost.append();
    const again = newLog();
    for (let number = 1; number <= 5; number++) again.append();
    again.timestamp += 50;
    for (let number = 6; number <= 9; number++) again.append();
    follow(lost);
    expect(() => repeat(again, 6)).toThrow(
      expect.objectContaining({ code: 'EQUIVOCATION', evidence: [bytes(lost), bytes(again)] }),
    );
  });

  const bytes = (log: MemorySequencer): Uint8Array => {
    const { header, signature } = Slice.deserialize(log.blocks[5]!.slices.get(CHAIN)!);
    return SignedHeader.serialize({ header, signature });
  };
});

it('a cursor keeps the newest restores', () => {
  const restores = Array.from({ length: RESTORES_MAX }, (_, n) => {
    return { lastBlock: n, lastHash: new Uint8Array(32).fill(n), epochAbove: n };
  });
  const [, , third] = threeBranches();
  follow(third);
  const full = { ...cursor, restores };
  expect(deserializeCursor(serializeCursor(full), cursor.registry)).toEqual(full);
  const log = newLog();
  for (let number = 1; number <= 3; number++) log.append();
  [cursor, recent] = [{ ...genesisCursor(genesis, CHAIN), restores }, new RecentHeaders()];
  follow(restored(log, 2, 1));
  expect(cursor.restores).toHaveLength(RESTORES_MAX);
  expect(cursor.restores.at(-1)).toMatchObject({ lastBlock: 2 });
});

it('a cursor that was stored when it kept one restore is still read', () => {
  const Former = new ContainerType({
    ...{ logId: Bytes32, chainId: Uint53, number: Uint53, hash: Bytes32, epoch: Uint53, timestamp: Uint53 },
    ...{ nextSequence: Uint64, own: Uint64, shared: Uint64, signedHeader: new ListCompositeType(SignedHeader, 1) },
    restore: new ListCompositeType(Restore, 1),
  });
  const log = newLog();
  for (let number = 1; number <= 3; number++) log.append();
  follow(restored(log, 2, 1));
  const { restores, signedHeader, laneSequences, ...rest } = cursor;
  for (const kept of [[], [...restores]]) {
    const bytes = Former.serialize({ ...rest, ...laneSequences, signedHeader: [signedHeader!], restore: kept });
    expect(deserializeCursor(bytes, cursor.registry)).toEqual({ ...cursor, restores: kept });
  }
});
