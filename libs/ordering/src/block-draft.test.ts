import {
  encodeEntry,
  entryId,
  EntryKind,
  entryLeaf,
  Header,
  isShared,
  laneRoot,
  lanesRoot,
  NO_SENDER,
  proveLanes,
  type Registry,
  registryRoot,
  ROLLUPS_MAX,
  SHARED_LANE,
  Slice,
  SLICE_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
  verifyLaneProof,
} from '#libs/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockDraft, laneChainIds, type NewEntry, type SealedBlock, type SealedLane, type Tip } from './block-draft.js';

const LOG_ID = new Uint8Array(32).fill(0xaa);
const LEADER = new Uint8Array(20).fill(0xbb);
const SENDER = new Uint8Array(20).fill(0xcc);
const START_MS = 1_700_000_000_000;

function registry(rollups = 3): Registry {
  const key = new Uint8Array(20);
  return {
    protocolVersion: 1,
    changeCount: 0,
    registryKey: key,
    sequencerKeys: [LEADER],
    rollups: Array.from({ length: rollups }, (_, at) => ({
      chainId: 84001 + at,
      name: new Uint8Array(),
      votingKey: key,
      replicaKeys: [],
      paused: false,
      quarantined: false,
    })),
    assets: [],
    pools: [],
    markets: [],
    series: [],
  };
}

const FIRST_TIP: Tip = {
  number: 0,
  hash: LOG_ID,
  timestampMs: START_MS,
  nextSequence: 1n,
  nextLaneSequences: new Map(),
};

const draftOn = (tip: Tip, inForce = registry(), timestampMs = tip.timestampMs): BlockDraft =>
  new BlockDraft(tip, inForce, timestampMs, LOG_ID);

let entries = 0;
/** An entry whose serialised form has `size` bytes, no two alike. */
function newEntry(kind: EntryKind, lane: number, size: number): NewEntry {
  const body = new Uint8Array(size - 1);
  new DataView(body.buffer).setUint32(0, (entries += 1));
  const bytes = encodeEntry(kind, body);
  const isTransaction = kind === EntryKind.TRANSACTION;
  const nonce = isTransaction ? 0n : null;
  return {
    kind,
    lane: isShared(kind) ? SHARED_LANE : lane,
    id: entryId(bytes),
    sender: isTransaction ? SENDER : null,
    nonce,
    bytes,
  };
}

/** The slices of a block, as the sequencer makes them. */
function slicesOf({ header, lanes }: SealedBlock): Slice[] {
  const proofs = proveLanes(
    lanes.map(({ root }) => root),
    [...lanes.keys()],
  );
  const laneSlice = (lane: SealedLane, index: number): Slice['own'] => ({
    chainId: lane.chainId,
    index,
    firstLaneSequence: lane.firstLaneSequence,
    entries: lane.entries.map(({ sequence, sender, bytes }) => ({ sequence, sender: sender ?? NO_SENDER, bytes })),
    proof: proofs[index]!,
  });
  const [shared, ...own] = lanes.map(laneSlice);
  return own.map((lane) => ({ header, signature: new Uint8Array(65), shared: shared!, own: lane }));
}

const wanted = fc.record({
  kind: fc.constantFrom(
    ...[EntryKind.TRANSACTION, EntryKind.TRANSACTION, EntryKind.STATE_ROOT],
    ...[EntryKind.PRICE, EntryKind.PREPARE, EntryKind.DECISION],
  ),
  rollup: fc.nat(2),
  size: fc.constantFrom(5, 130, 200, 3_000),
});
type Wanted = typeof wanted extends fc.Arbitrary<infer T> ? T : never;

const add = (draft: BlockDraft, { kind, rollup, size }: Wanted) => draft.add(newEntry(kind, 84001 + rollup, size));

describe('blocks on top of each other', () => {
  const blocks = fc.array(
    fc.record({ entries: fc.array(wanted, { maxLength: 12 }), advanceMs: fc.nat(1_000), epochs: fc.nat(1) }),
    { minLength: 1, maxLength: 12 },
  );

  it('number entries from 1 without a gap, over all and in each lane (I1)', () => {
    fc.assert(
      fc.property(blocks, (list) => {
        let tip = FIRST_TIP;
        let sequence = 1n;
        const laneSequences = new Map(laneChainIds(registry()).map((chainId) => [chainId, 1n]));
        for (const block of list) {
          const draft = draftOn(tip, registry(), tip.timestampMs + block.advanceMs);
          for (const entry of block.entries) {
            const placed = add(draft, entry);
            expect(placed.sequence).toBe(sequence++);
            const laneSequence = laneSequences.get(placed.lane)!;
            expect(placed.laneSequence).toBe(laneSequence);
            laneSequences.set(placed.lane, laneSequence + 1n);
          }
          tip = draft.seal(1, LEADER).nextTip;
          expect(tip.nextSequence).toBe(sequence);
          expect(tip.nextLaneSequences).toEqual(laneSequences);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('have headers that follow from the tip, the registry and the entries (I2)', () => {
    fc.assert(
      fc.property(blocks, (list) => {
        let tip = FIRST_TIP;
        let epoch = 1;
        for (const block of list) {
          epoch += block.epochs;
          const draft = draftOn(tip, registry(), tip.timestampMs + block.advanceMs);
          for (const entry of block.entries) add(draft, entry);
          const sealed = draft.seal(epoch, LEADER);
          const { header, hash, nextTip } = sealed;
          expect(header).toEqual({
            version: 1,
            logId: LOG_ID,
            number: tip.number + 1,
            parentHash: tip.hash,
            epoch,
            timestamp: tip.timestampMs + block.advanceMs,
            firstSequence: tip.nextSequence,
            entryCount: block.entries.length,
            lanesRoot: lanesRoot(sealed.lanes.map(({ root }) => root)),
            registryRoot: registryRoot(registry()),
            leader: LEADER,
          });
          expect(hash).toEqual(Header.hashTreeRoot(header));
          expect(nextTip).toMatchObject({ number: header.number, hash, timestampMs: header.timestamp });
          tip = nextTip;
        }
      }),
      { numRuns: 50 },
    );
  });

  it('carry each entry in its lane, with leaves over sequence, id and sender, provable under the header', () => {
    fc.assert(
      fc.property(fc.array(wanted, { maxLength: 12 }), (list) => {
        const draft = draftOn({ ...FIRST_TIP, nextSequence: 100n, nextLaneSequences: new Map([[84002, 7n]]) });
        for (const entry of list) add(draft, entry);
        const sealed = draft.seal(1, LEADER);
        expect(sealed.lanes.map(({ chainId }) => chainId)).toEqual([SHARED_LANE, 84001, 84002, 84003]);
        expect(sealed.entries.map(({ sequence }) => sequence)).toEqual(list.map((_, at) => 100n + BigInt(at)));
        for (const slice of slicesOf(sealed)) {
          const read = Slice.deserialize(Slice.serialize(slice));
          for (const lane of [read.shared, read.own]) {
            const { chainId, firstLaneSequence, index, proof } = lane;
            const leaves = lane.entries.map(({ sequence, sender, bytes }) =>
              entryLeaf(sequence, entryId(bytes), sender),
            );
            const root = laneRoot({ chainId, firstLaneSequence, leaves });
            expect(verifyLaneProof(root, index, proof, read.header.lanesRoot)).toBe(true);
            expect(firstLaneSequence).toBe(chainId === 84002 ? 7n : 1n);
            expect(lane.entries.map(({ bytes }) => bytes)).toEqual(
              sealed.entries.filter((entry) => entry.lane === chainId).map(({ bytes }) => bytes),
            );
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are sealed empty too: a heartbeat moves log time on and nothing else', () => {
    const { header, nextTip } = draftOn(FIRST_TIP, registry(), START_MS + 1_000).seal(1, LEADER);
    expect(header).toMatchObject({ entryCount: 0, firstSequence: 1n, timestamp: START_MS + 1_000 });
    expect(nextTip.nextSequence).toBe(1n);
  });

  it('cannot go back in log time (I7), nor take an entry of a lane that is not there', () => {
    expect(() => draftOn(FIRST_TIP, registry(), START_MS - 1)).toThrow(/^I7/);
    const draft = draftOn(FIRST_TIP);
    expect(() => draft.hasRoom(84009, 10)).toThrow(RangeError);
    expect(() => draft.add(newEntry(EntryKind.TRANSACTION, 84009, 10))).toThrow(RangeError);
    expect(draft.entries).toEqual([]);
  });
});

describe('room', () => {
  const size = fc.oneof(
    fc.integer({ min: 5, max: 300 }),
    fc.integer({ min: 1_000, max: 20_000 }),
    fc.integer({ min: TRANSACTION_BYTES_MAX - 100, max: TRANSACTION_BYTES_MAX + 1 }),
  );
  const filling = fc.record({ kind: wanted.map(({ kind }) => kind), rollup: fc.nat(2), size });

  it('is never given so that a slice would exceed 960 KiB, in any mix of lanes and sizes', () => {
    let largest = 0;
    fc.assert(
      fc.property(fc.array(filling, { minLength: 20, maxLength: 80, size: 'max' }), (list) => {
        const draft = draftOn({ ...FIRST_TIP, number: 2 ** 50, nextSequence: 2n ** 60n });
        for (const one of list) {
          const entry = newEntry(one.kind, 84001 + one.rollup, one.size);
          if (draft.hasRoom(entry.lane, entry.bytes.length)) draft.add(entry);
        }
        for (const slice of slicesOf(draft.seal(2 ** 50, LEADER))) {
          const { length } = Slice.serialize(slice);
          largest = Math.max(largest, length);
          expect(length).toBeLessThanOrEqual(SLICE_BYTES_MAX);
        }
      }),
      { numRuns: 40 },
    );
    expect(largest).toBeGreaterThan(SLICE_BYTES_MAX * 0.8);
  });

  it.each([
    ['the smallest entries in one lane', EntryKind.TRANSACTION, 1, 5],
    ['the smallest entries in the shared lane', EntryKind.PRICE, 1, 5],
    ['the largest entries', EntryKind.TRANSACTION, 1, TRANSACTION_BYTES_MAX + 1],
    ['as many rollups as a log can carry', EntryKind.TRANSACTION, ROLLUPS_MAX, 30_000],
  ])('is used up to a few KiB by %s, and not beyond', (_, kind, rollups, bytes) => {
    const draft = draftOn(FIRST_TIP, registry(rollups));
    for (let rollup = 0; rollup < rollups; rollup++) {
      const lane = isShared(kind) ? SHARED_LANE : 84001 + rollup;
      while (draft.hasRoom(lane, bytes)) draft.add(newEntry(kind, lane, bytes));
    }
    for (const slice of slicesOf(draft.seal(1, LEADER))) {
      const { length } = Slice.serialize(slice);
      expect(length).toBeLessThanOrEqual(SLICE_BYTES_MAX);
      expect(length).toBeGreaterThan(SLICE_BYTES_MAX - bytes - 4_096);
    }
  });

  it('in the shared lane is bounded by the fullest of all lanes', () => {
    const draft = draftOn(FIRST_TIP);
    while (draft.hasRoom(84002, 100_000)) draft.add(newEntry(EntryKind.TRANSACTION, 84002, 100_000));
    expect(draft.hasRoom(SHARED_LANE, 100_000)).toBe(false);
    // A fuller lane stays the fullest when another one gets an entry.
    draft.add(newEntry(EntryKind.TRANSACTION, 84001, 100_000));
    expect(draft.hasRoom(SHARED_LANE, 100_000)).toBe(false);
    expect(draft.hasRoom(84001, 100_000)).toBe(true);
    while (draft.hasRoom(SHARED_LANE, 1_000)) draft.add(newEntry(EntryKind.PRICE, 0, 1_000));
    expect(draft.hasRoom(84002, 1_000)).toBe(false);
  });

  it('must be there: an entry that would break the bound is not placed', () => {
    const draft = draftOn(FIRST_TIP);
    while (draft.hasRoom(84001, 100_000)) draft.add(newEntry(EntryKind.TRANSACTION, 84001, 100_000));
    const { length } = draft.entries;
    expect(() => draft.add(newEntry(EntryKind.TRANSACTION, 84001, 100_000))).toThrow(/no room/);
    expect(draft.entries).toHaveLength(length);
  });
});
