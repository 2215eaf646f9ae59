// Shows that the audit passes over a whole log with operations of every outcome, and names each kind of change that was
// made to the log after it was written.
import { beforeAll, describe, expect, it } from 'vitest';
import { Ledger } from '#libs/options';
import { EntryKind } from '#libs/protocol';
import { historyFixtures } from '#libs/testkit';
import { auditMemory, rulesOf, toLog } from '../testing/audit-memory.js';
import type { MemoryLog } from '../testing/memory-source.js';

let whole: historyFixtures.TinyNetwork;
beforeAll(async () => {
  whole = (await historyFixtures.playScenario()).network;
});

describe('a whole log', () => {
  it('has no problem, and every state root in it is compared with re-execution', async () => {
    const report = await auditMemory(toLog(whole));
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, problemCount: 0, blocks: whole.blocks.length, executed: true });
    expect(report).toMatchObject({ entries: whole.entries.length, operations: 6, decisions: 6, transactions: 5 });
    expect(report.stateRoots).toEqual({ stated: 5, compared: 5 });
  });

  it('is audited from a later block on: what comes before is only read', async () => {
    const log = toLog(whole);
    log.blocks[1]!.signature[7]! ^= 1;
    expect(rulesOf(await auditMemory(log))).toEqual(['I2 HEADER_SIGNATURE']);
    expect(rulesOf(await auditMemory(log, { from: 3 }))).toEqual([]);
  });

  it('is not executed where that is not asked for', async () => {
    expect(await auditMemory(toLog(whole), { execute: false })).toMatchObject({
      ok: true,
      executed: false,
      stateRoots: { stated: 5, compared: 0 },
    });
  });

  it('tells a problem with its place and the entry concerned', async () => {
    const log = toLog(whole);
    const entry = transactions(log)[1]!;
    entry.sender![0]! ^= 1;
    const problem = (await auditMemory(log)).problems.find(({ code }) => code === 'SENDER')!;
    expect(problem).toMatchObject({ invariant: 'I5', block: 3, sequence: entry.sequence });
    expect(problem.entry).toMatchObject({ kind: 'TRANSACTION', lane: entry.lane });
    expect(problem.message).toContain('signed it');
  });
});

const transactions = ({ blocks }: MemoryLog) =>
  blocks.flatMap(({ entries }) => entries).filter(({ bytes }) => bytes[0] === EntryKind.TRANSACTION);
const busy = ({ blocks }: MemoryLog) => blocks.find(({ entries }) => entries.length > 3)!;

describe('a log that was changed after it was written', () => {
  const cases: [string, string[], (log: MemoryLog) => void][] = [
    ['a changed sender', ['I2 LANES_ROOT', 'I5 SENDER'], (log) => (transactions(log)[0]!.sender![3]! ^= 1)],
    [
      'swapped sequences',
      ['I1 SEQUENCE', 'I2 LANES_ROOT'],
      (log) => {
        const [a, b] = [busy(log).entries[0]!, busy(log).entries[1]!];
        [a.sequence, b.sequence] = [b.sequence, a.sequence];
      },
    ],
    [
      'a gap in the sequences',
      ['I1 SEQUENCE'],
      (log) => {
        busy(log).entries.at(-1)!.sequence += 1n;
      },
    ],
    ['a gap in a lane', ['I1 LANE_SEQUENCE'], (log) => (transactions(log)[0]!.laneSequence += 1n)],
    ['a lane that begins elsewhere', ['I1 LANE_GAP'], (log) => (log.blocks[4]!.lanes[1]!.firstLaneSequence += 1n)],
    ['an entry removed', ['I1 ENTRY_COUNT', 'I2 LANES_ROOT'], (log) => busy(log).entries.splice(1, 1)],
    ['a block removed', ['I2 BLOCK_MISSING', 'I2 BLOCKS_MISSING'], (log) => log.blocks.splice(3, 1)],
    [
      'entry bytes changed',
      ['I2 ENTRY_ID', 'I2 LANES_ROOT', 'I5 SENDER'],
      (log) => transactions(log)[0]!.bytes.set([7], 60),
    ],
    [
      'an entry cut short',
      ['I31 TRANSACTION'],
      (log) => (transactions(log)[0]!.bytes = transactions(log)[0]!.bytes.slice(0, -1)),
    ],
    ['a transaction in the lane of another rollup', ['I31 TRANSACTION'], (log) => (transactions(log)[0]!.lane = 9)],
    ['an entry that is stored under another id', ['I2 ENTRY_ID'], (log) => (transactions(log)[0]!.stored!.id[0]! ^= 1)],
    ['an entry that is stored as another kind', ['I2 ENTRY_ROW'], (log) => (transactions(log)[0]!.stored!.kind = 2)],
    [
      'an entry that is stored in another block',
      ['I2 ENTRY_ROW'],
      (log) => (transactions(log)[0]!.stored!.blockNumber = 9),
    ],
    ['a nonce that is stored wrongly', ['I5 NONCE_ROW'], (log) => (transactions(log)[1]!.stored!.nonce = 9n)],
    ['a block that is stored under another hash', ['I2 BLOCK_HASH'], (log) => (log.blocks[3]!.stored!.hash[0]! ^= 1)],
    [
      'a block that is stored with another timestamp',
      ['I2 BLOCK_ROW'],
      (log) => (log.blocks[3]!.stored!.timestampMs += 1),
    ],
    ['a lane root that differs', ['I2 LANE_ROOT'], (log) => (log.blocks[2]!.lanes[1]!.root![0]! ^= 1)],
    ['a lane left out', ['I2 LANES', 'I2 LANES_ROOT'], (log) => log.blocks[2]!.lanes.pop()],
    [
      'a forged header signature',
      ['I2 HEADER_SIGNATURE'],
      (log) => (log.blocks[3]!.signature = log.blocks[4]!.signature),
    ],
    [
      'a header that was changed',
      ['I2 BLOCK_HASH', 'I2 HEADER_SIGNATURE', 'I2 PARENT_HASH'],
      (log) => (log.blocks[3]!.header.timestamp += 1),
    ],
    ['a genesis with more money', ['I2 FOREIGN_LOG', 'I2 GENESIS'], (log) => (log.genesis.balances[0]!.amount += 1n)],
  ];
  it.each(cases)('%s is found: %j', async (_what, expected, change) => {
    const log = toLog(whole);
    change(log);
    expect(rulesOf(await auditMemory(log))).toEqual(expect.arrayContaining(expected));
  });
});

describe('re-execution', () => {
  it('what is not conserved by re-execution is found: I19 CONSERVATION', async () => {
    const report = await auditMemory(toLog(whole), {
      openLedger: (genesis, chainId, recover) => {
        const more = { ...genesis, balances: [...genesis.balances] };
        const [first] = more.balances;
        if (first?.chainId === chainId) more.balances[0] = { ...first, amount: first.amount + 1n };
        return Ledger.fromGenesis(more, chainId, { recover });
      },
    });
    expect(rulesOf(report)).toContain('I19 CONSERVATION');
  });
});
