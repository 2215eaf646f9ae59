import { describe, expect, it } from 'vitest';
import {
  absentLane,
  blockHash,
  commitmentDigest,
  encodeEntry,
  EntryKind,
  equalBytes,
  findRollup,
  Genesis,
  RegistryAction,
  RegistryChange,
  SignedHeader,
  SignedRegistryChange,
  Slice,
} from '#libs/protocol';
import { MemorySequencer, type NewEntry } from '../testing/memory-sequencer.js';
import { testGenesis, testSigner } from '../testing/test-genesis.js';
import { type Cursor, deserializeCursor, genesisCursor, serializeCursor } from './cursor.js';
import { RecentHeaders } from './recent-headers.js';
import { type SliceErrorType } from './slice-error.js';
import { verifySlice } from './verify-slice.js';

const CHAIN = 7;
const leader = testSigner('sequencer');
const sender = new Uint8Array(20).fill(1);

const transaction = (n: number, chainId = CHAIN): NewEntry => ({
  bytes: encodeEntry(EntryKind.TRANSACTION, Uint8Array.of(n, n, n)),
  sender,
  chainId,
});
const price = (n: number): NewEntry => ({ bytes: encodeEntry(EntryKind.PRICE, Uint8Array.of(n)) });

const registryChange = (log: MemorySequencer, value: boolean, signer = testSigner('registry')): NewEntry =>
  signedChange(log, { selector: RegistryAction.SET_ROLLUP_PAUSED, value: { chainId: CHAIN, value } }, signer);

/** The slice of a block for rollup 10, from before it was registered. */
const before = (log: MemorySequencer, index: number): Uint8Array =>
  Slice.serialize({ ...Slice.deserialize(log.blocks[index]!.slices.get(CHAIN)!), own: absentLane(10) });

function signedChange(
  log: MemorySequencer,
  action: RegistryChange['action'],
  signer = testSigner('registry'),
): NewEntry {
  const change: RegistryChange = { nonce: log.registry.changeCount, action };
  const signature = signer.sign(commitmentDigest(log.logId, 'registry', RegistryChange.hashTreeRoot(change)));
  return { bytes: encodeEntry(EntryKind.REGISTRY_CHANGE, SignedRegistryChange.serialize({ change, signature })) };
}

const newLog = (): MemorySequencer => new MemorySequencer(testGenesis(), leader);

/** The cursor after all blocks but the newest, and the newest slice. */
function atNewest(log: MemorySequencer): { cursor: Cursor; bytes: Uint8Array } {
  let cursor = genesisCursor(log.genesis, CHAIN);
  for (const { slices } of log.blocks.slice(0, -1)) cursor = verifySlice(cursor, slices.get(CHAIN)!).cursor;
  return { cursor, bytes: log.blocks.at(-1)!.slices.get(CHAIN)! };
}

function exampleLog(): MemorySequencer {
  const log = newLog();
  log.append([transaction(1), price(1)]);
  log.append([transaction(2), transaction(50, 8), price(2), transaction(3), transaction(4)]);
  return log;
}

/** Changes a slice, and signs its header again when the change is one that only a leader can make. */
function alter(bytes: Uint8Array, change: (slice: Slice) => void, resign = false): Uint8Array {
  const slice = Slice.deserialize(bytes);
  change(slice);
  if (resign) {
    slice.header.leader = leader.address;
    slice.signature = leader.sign(commitmentDigest(slice.header.logId, 'header', blockHash(slice.header)));
  }
  return Slice.serialize(slice);
}

function expectError(run: () => unknown, type: Partial<SliceErrorType>): void {
  expect(run).toThrow(expect.objectContaining({ type: expect.objectContaining(type) as unknown }));
}

describe('a slice that follows', () => {
  it('gives its entries of both lanes in global order and moves the cursor', () => {
    const { cursor, bytes } = atNewest(exampleLog());
    const block = verifySlice(cursor, bytes);
    expect(block.entries.map(({ sequence, kind }) => [sequence, kind])).toEqual([
      [3n, EntryKind.TRANSACTION],
      [5n, EntryKind.PRICE],
      [6n, EntryKind.TRANSACTION],
      [7n, EntryKind.TRANSACTION],
    ]);
    expect(block.cursor).toMatchObject({ number: 2, nextSequence: 8n, laneSequences: { own: 4n, shared: 2n } });
    expect(block.hash).toEqual(blockHash(block.header));
  });

  it('is accepted for every rollup, empty lanes and blocks included', () => {
    const log = exampleLog();
    log.append();
    for (const chainId of [7, 8, 9]) {
      let cursor = genesisCursor(log.genesis, chainId);
      for (const { slices } of log.blocks) cursor = verifySlice(cursor, slices.get(chainId)!).cursor;
      expect(cursor.hash).toEqual(log.blocks.at(-1)!.hash);
    }
  });

  it('applies registry changes from the next block on', () => {
    const log = newLog();
    log.append([registryChange(log, true)]);
    log.append([registryChange(log, false), transaction(1)]);
    log.append();
    let cursor = genesisCursor(log.genesis, CHAIN);
    const paused = log.blocks.map(({ slices }) => {
      const block = verifySlice(cursor, slices.get(CHAIN)!);
      cursor = block.cursor;
      return findRollup(block.registry, CHAIN)!.paused;
    });
    expect(paused).toEqual([false, true, false]);
  });

  it('has no lane of a rollup that is registered later, and one from the block on in which it is in force', () => {
    const log = exampleLog();
    const value = { chainId: 10, name: Uint8Array.of(65), votingKey: new Uint8Array(20).fill(9), replicaKeys: [] };
    log.append([price(3), signedChange(log, { selector: RegistryAction.REGISTER_ROLLUP, value })]);
    log.append([transaction(5, 10), price(4)]);
    let cursor = genesisCursor(log.genesis, 10);
    const counts: number[] = [];
    for (const [index, { slices }] of log.blocks.entries()) {
      const bytes = slices.get(10) ?? before(log, index);
      const block = verifySlice(cursor, bytes);
      cursor = block.cursor;
      counts.push(block.entries.length);
    }
    expect(counts).toEqual([1, 1, 2, 2]);
    expect(cursor.laneSequences).toEqual({ own: 1n, shared: 5n });
  });

  it("is refused where it shows a lane to a rollup that has none yet, another's or one of its own", () => {
    const log = exampleLog();
    const cursor = genesisCursor(log.genesis, 10);
    const refused = { type: { code: 'LANE_UNREGISTERED', number: 1, chainId: 10 } };
    const foreign = log.blocks[0]!.slices.get(CHAIN)!;
    expect(() => verifySlice(cursor, foreign)).toThrow(expect.objectContaining(refused));
    const { own } = Slice.deserialize(foreign);
    const forged = alter(before(log, 0), (slice) => void (slice.own.entries = own.entries));
    expect(() => verifySlice(cursor, forged)).toThrow(expect.objectContaining(refused));
    // A rollup that is registered does not do without its lane.
    const hidden = alter(foreign, (slice) => void (slice.own = absentLane(CHAIN)));
    expect(() => verifySlice(genesisCursor(log.genesis, CHAIN), hidden)).toThrow(
      expect.objectContaining({ type: expect.objectContaining({ code: 'LANE_INDEX' }) as object }),
    );
  });

  it('may come from a new leader with a higher epoch', () => {
    const log = exampleLog();
    const successor = new MemorySequencer(log.genesis, testSigner('second sequencer'));
    successor.append([transaction(1), price(1)]);
    successor.epoch = 5;
    successor.append();
    const { cursor, bytes } = atNewest(successor);
    expect(verifySlice(cursor, bytes).cursor.epoch).toBe(5);
  });
});

describe('a slice that breaks a rule is refused', () => {
  const { cursor, bytes } = atNewest(exampleLog());
  const cases: [string, SliceErrorType['code'], (slice: Slice) => void, boolean?][] = [
    [
      'with a signature of somebody else',
      'HEADER_SIGNATURE',
      (s) => (s.signature = testSigner('x').sign(blockHash(s.header))),
    ],
    ['with a changed header', 'HEADER_SIGNATURE', (s) => (s.header.timestamp += 1)],
    [
      'by a leader that the registry does not know',
      'UNKNOWN_LEADER',
      (s) => (s.header.leader = testSigner('x').address),
    ],
    ['of a foreign log', 'FOREIGN_LOG', (s) => (s.header.logId = new Uint8Array(32).fill(9)), true],
    ['of an unknown protocol version', 'UNSUPPORTED_VERSION', (s) => (s.header.version = 99), true],
    ['with a gap in the numbers', 'NOT_NEXT', (s) => (s.header.number = 3), true],
    ['with another parent', 'PARENT_HASH', (s) => (s.header.parentHash = new Uint8Array(32).fill(9)), true],
    ['of an earlier epoch', 'EPOCH_LOWER', (s) => (s.header.epoch = 0), true],
    ['that lies back in log time', 'TIMESTAMP_LOWER', (s) => (s.header.timestamp -= 10), true],
    ['with a hole in the global sequence', 'FIRST_SEQUENCE', (s) => (s.header.firstSequence += 1n), true],
    ['with another registry', 'REGISTRY_ROOT', (s) => (s.header.registryRoot = new Uint8Array(32)), true],
    ['with two entries swapped', 'LANE_PROOF', (s) => s.own.entries.reverse()],
    [
      'with two entries that change places',
      'LANE_PROOF',
      (s) => {
        const [a, b] = s.own.entries as [Slice['own']['entries'][0], Slice['own']['entries'][0]];
        [a.bytes, b.bytes] = [b.bytes, a.bytes];
      },
    ],
    ['with a changed sender', 'LANE_PROOF', (s) => (s.own.entries[0]!.sender = new Uint8Array(20).fill(2))],
    ['with a changed byte of an entry', 'LANE_PROOF', (s) => (s.own.entries[0]!.bytes[1]! += 1)],
    ['with an entry removed', 'LANE_PROOF', (s) => s.own.entries.pop()],
    ['with an entry of the shared lane removed', 'LANE_PROOF', (s) => s.shared.entries.pop()],
    ['with an entry added', 'LANE_PROOF', (s) => s.own.entries.push(s.own.entries[0]!)],
    ['with another sequence', 'LANE_PROOF', (s) => (s.own.entries[0]!.sequence = 4n)],
    ['with a wrong proof', 'LANE_PROOF', (s) => (s.own.proof[0] = new Uint8Array(32).fill(9))],
    ['with a proof cut short', 'LANE_PROOF', (s) => s.own.proof.pop()],
    ["with another rollup's lane", 'LANE_OWNER', (s) => (s.own.chainId = 8)],
    ['with the shared lane as its own', 'LANE_OWNER', (s) => (s.own = s.shared)],
    ['with its lane at another place', 'LANE_INDEX', (s) => (s.own.index = 2)],
    ['with another start of the lane', 'LANE_PROOF', (s) => (s.own.firstLaneSequence += 1n)],
    ['with a sender on an entry that is no transaction', 'ENTRY_SENDER', (s) => (s.shared.entries[0]!.sender = sender)],
    [
      'with a transaction in the shared lane',
      'ENTRY_KIND',
      (s) => (s.shared.entries[0]!.bytes[0] = EntryKind.TRANSACTION),
    ],
    ['with a price in its own lane', 'ENTRY_KIND', (s) => (s.own.entries[0]!.bytes[0] = EntryKind.PRICE)],
    ['with an entry of unknown kind', 'ENTRY_KIND', (s) => (s.own.entries[0]!.bytes[0] = 77)],
    ['with an empty entry', 'ENTRY_KIND', (s) => (s.own.entries[0]!.bytes = new Uint8Array(0))],
    ['that claims fewer entries than it has', 'ENTRY_SEQUENCE', (s) => (s.header.entryCount = 2), true],
  ];

  it.each(cases)('%s: %s', (_what, code, change, resign) => {
    expectError(() => verifySlice(cursor, alter(bytes, change, resign)), { code });
  });

  it('where it is no SSZ', () => {
    expectError(() => verifySlice(cursor, bytes.subarray(0, 300)), { code: 'SLICE_MALFORMED' });
    expectError(() => verifySlice(cursor, new Uint8Array(0)), { code: 'SLICE_MALFORMED' });
  });

  it('where a leader leaves out entries of a lane and proves the rest', () => {
    const log = newLog();
    log.append([transaction(1), transaction(2)]);
    const gap = atNewest(log);
    const skipped = { ...gap.cursor, laneSequences: { own: 5n, shared: 0n } };
    expectError(() => verifySlice(skipped, gap.bytes), { code: 'LANE_SEQUENCE', expected: 6n, got: 1n });
  });

  it('where a registry change is not signed by the registry key, or has a wrong number', () => {
    const log = newLog();
    const repeated = registryChange(log, true);
    log.append([registryChange(log, true, testSigner('x'))]);
    const forged = atNewest(log);
    expectError(() => verifySlice(forged.cursor, forged.bytes), { code: 'REGISTRY_CHANGE', sequence: 1n });
    const second = newLog();
    second.append([repeated]);
    expect(() => second.append([repeated])).toThrow(/number 0/);
    const at = atNewest(second);
    expectError(() => verifySlice(at.cursor, at.bytes), { code: 'REGISTRY_CHANGE' });
  });

  it('and kept as evidence, together with the header before it', () => {
    const forged = alter(bytes, (s) => (s.header.parentHash = new Uint8Array(32)), true);
    try {
      verifySlice(cursor, forged);
      expect.unreachable();
    } catch (error) {
      const { evidence } = error as { evidence: Uint8Array[] };
      expect(evidence).toEqual([SignedHeader.serialize(cursor.signedHeader!), forged]);
    }
  });
});

describe('two headers for one height', () => {
  const log = exampleLog();
  const { cursor, bytes } = atNewest(log);
  const accepted = verifySlice(cursor, bytes);
  const recent = new RecentHeaders();
  recent.add(accepted.signedHeader);
  const signedHeaderOf = (slice: Slice): SignedHeader => ({ header: slice.header, signature: slice.signature });

  it('are equivocation where leaders signed both, with both as evidence', () => {
    const other = signedHeaderOf(Slice.deserialize(log.equivocate([transaction(9)]).slices.get(CHAIN)!));
    try {
      recent.assertSame(other, accepted.cursor);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'EQUIVOCATION', type: { number: 2 } });
      const { evidence } = error as { evidence: Uint8Array[] };
      expect(evidence).toEqual([accepted.signedHeader, other].map((header) => SignedHeader.serialize(header)));
    }
  });

  it('are nothing where the second is the same, or signed by nobody that counts', () => {
    recent.assertSame(signedHeaderOf(Slice.deserialize(bytes)), accepted.cursor);
    recent.assertSame(signedHeaderOf(Slice.deserialize(alter(bytes, (s) => (s.header.epoch += 1)))), accepted.cursor);
  });
});

describe('a cursor', () => {
  it('comes back from its bytes', () => {
    const { cursor, bytes } = atNewest(exampleLog());
    const { cursor: next } = verifySlice(cursor, bytes);
    for (const stored of [genesisCursor(testGenesis(), CHAIN), next]) {
      const again = deserializeCursor(serializeCursor(stored), stored.registry);
      expect(again).toEqual(stored);
    }
    expect(equalBytes(genesisCursor(testGenesis(), CHAIN).hash, Genesis.hashTreeRoot(testGenesis()))).toBe(true);
  });
});
