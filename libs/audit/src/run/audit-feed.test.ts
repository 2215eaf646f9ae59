// Shows that the audit of a feed passes over an honest one and names what a lying server shows: each test asks a real HTTP
// server that changed something of what followers of the log get.
import { beforeAll, describe, expect, it } from 'vitest';
import { HttpReplay, testSigner } from '#libs/executor-sdk';
import { blockHash, commitmentDigest, EntryKind, type Slice, type SliceEntry } from '#libs/protocol';
import { historyFixtures } from '#libs/testkit';
import { FeedSource } from '../source/feed-source.js';
import { auditMemory, rulesOf, toLog } from '../testing/audit-memory.js';
import { serveFeed, type ShownFeed, toFeed } from '../testing/feed-server.js';
import type { AuditReport } from './audit-log.js';

let whole: historyFixtures.TinyNetwork;
beforeAll(async () => {
  whole = (await historyFixtures.playScenario()).network;
});

async function auditFeed(change: (feed: ShownFeed) => void, chainId = 7): Promise<AuditReport> {
  const feed = toFeed(whole);
  change(feed);
  const { url, close } = await serveFeed(feed);
  try {
    return await auditMemory(toLog(whole), { source: new FeedSource(new HttpReplay(url), chainId) });
  } finally {
    await close();
  }
}

/** The slice of the first block with transactions of a rollup, and those. */
function busy({ slices }: ShownFeed): { slice: Slice; chainId: number; transactions: SliceEntry[] } {
  for (const [chainId, of] of slices) {
    for (const slice of of) {
      const transactions = slice.own.entries.filter(({ bytes }) => bytes[0] === EntryKind.TRANSACTION);
      if (transactions.length > 0) return { slice, chainId, transactions };
    }
  }
  throw new Error('the scenario has no transaction');
}
const sliceOf = ({ slices }: ShownFeed, chainId: number, number: number): Slice => slices.get(chainId)![number - 1]!;
const everySlice = ({ slices }: ShownFeed, number: number): Slice[] =>
  [...slices.values()].map((of) => of[number - 1]!);

/** A shared lane with two entries at least. */
const shared = (feed: ShownFeed): Slice[] => {
  const number = feed.slices.get(7)!.findIndex((slice) => slice.shared.entries.length > 1) + 1;
  expect(number).toBeGreaterThan(0);
  return everySlice(feed, number);
};

function resign(slices: Slice[]): void {
  for (const slice of slices) {
    const digest = commitmentDigest(slice.header.logId, 'header', blockHash(slice.header));
    slice.signature = testSigner('sequencer').sign(digest);
  }
}

describe('the feed of a whole log', () => {
  it('has no problem, by whichever rollup one begins; every state root is compared', async () => {
    for (const chainId of [7, 8]) {
      const report = await auditFeed(() => {}, chainId);
      expect(report.problems).toEqual([]);
      expect(report).toMatchObject({ ok: true, blocks: whole.blocks.length, entries: whole.entries.length });
      expect(report.stateRoots).toEqual({ stated: 5, compared: 5 });
    }
  });
});

describe('a feed that lies', () => {
  const cases: [string, string[], (feed: ShownFeed) => void][] = [
    ['of a sender', ['I2 LANE_PROOF', 'I5 SENDER'], (feed) => (busy(feed).transactions[0]!.sender[3]! ^= 1)],
    [
      "of an entry's bytes",
      ['I2 LANE_PROOF'],
      (feed) => (busy(feed).transactions[0]!.bytes = busy(feed).transactions[0]!.bytes.with(60, 7)),
    ],
    [
      'of the order of two entries',
      ['I2 LANE_PROOF'],
      (feed) => {
        for (const slice of shared(feed)) {
          const [a, b] = slice.shared.entries as [SliceEntry, SliceEntry];
          [a.sequence, b.sequence] = [b.sequence, a.sequence];
        }
      },
    ],
    ['of a sequence', ['I1 SEQUENCE', 'I2 LANE_PROOF'], (feed) => (busy(feed).transactions[0]!.sequence += 9n)],
    ['of a proof', ['I2 LANE_PROOF'], (feed) => (sliceOf(feed, 8, 3).own.proof[0]![0]! ^= 1)],
    ['with a proof cut short', ['I2 LANE_PROOF'], (feed) => sliceOf(feed, 8, 3).own.proof.pop()],
    [
      "of where a rollup's lane begins",
      ['I1 LANE_GAP', 'I2 LANE_PROOF'],
      (feed) => (sliceOf(feed, 8, 3).own.firstLaneSequence += 1n),
    ],
    ["with another rollup's lane", ['I2 LANES'], (feed) => (sliceOf(feed, 8, 3).own.chainId = 7)],
    ['with an entry left out', ['I1 ENTRY_COUNT', 'I2 LANE_PROOF'], (feed) => busy(feed).slice.own.entries.pop()],
    [
      'with an entry added',
      ['I1 ENTRY_COUNT', 'I2 LANE_PROOF'],
      (feed) => busy(feed).slice.own.entries.push(structuredClone(busy(feed).transactions[0]!)),
    ],
    [
      'by leaving a block out',
      ['I2 BLOCK_MISSING', 'I2 BLOCKS_MISSING'],
      (feed) => [...feed.slices.values()].forEach((of) => of.splice(3, 1)),
    ],
    [
      'by leaving a block out for one rollup',
      ['I12 SLICE_MISSING', 'I2 LANES'],
      (feed) => feed.slices.get(8)!.splice(3, 1),
    ],
    ['with a head that it does not have', ['I2 BLOCKS_MISSING'], (feed) => (feed.head = Number.MAX_SAFE_INTEGER)],
    ['by giving one rollup nothing', ['I12 SLICE_MISSING', 'I2 LANES'], (feed) => feed.slices.set(8, [])],
    [
      'with bytes that are no slice',
      ['I12 SLICE_MALFORMED'],
      (feed) => feed.instead.set('8 3', new Uint8Array(50).fill(1)),
    ],
    [
      'of the registry',
      ['I2 REGISTRY_ROOT'],
      (feed) => {
        for (const slice of everySlice(feed, 4)) slice.header.registryRoot = new Uint8Array(32);
        resign(everySlice(feed, 4));
      },
    ],
    [
      'of the lanes root',
      ['I2 LANE_PROOF', 'I2 LANES_ROOT'],
      (feed) => {
        for (const slice of everySlice(feed, 4)) slice.header.lanesRoot = new Uint8Array(32);
        resign(everySlice(feed, 4));
      },
    ],
    [
      'with a header that nobody signed',
      ['I2 HEADER_SIGNATURE'],
      (feed) => everySlice(feed, 4).forEach((slice) => (slice.header.timestamp += 1)),
    ],
    [
      'with two headers for one block',
      ['I13 HEADERS_DIFFER'],
      (feed) => {
        sliceOf(feed, 8, 4).header.timestamp += 1;
        resign([sliceOf(feed, 8, 4)]);
      },
    ],
    [
      'with two shared lanes for one block',
      ['I13 SHARED_LANES_DIFFER'],
      (feed) => (shared(feed)[1]!.shared.entries[0]!.sequence += 1n),
    ],
    [
      'of an epoch that fell',
      ['I3 EPOCH_FALLS'],
      (feed) => {
        for (const slice of everySlice(feed, 6)) slice.header.epoch = 0;
        resign(everySlice(feed, 6));
      },
    ],
    ['of genesis', ['I2 FOREIGN_LOG'], (feed) => (feed.genesis.balances[0]!.amount += 1n)],
  ];
  it.each(cases)('%s is found: %j', async (_what, expected, change) => {
    expect(rulesOf(await auditFeed(change))).toEqual(expect.arrayContaining(expected));
  });
});
