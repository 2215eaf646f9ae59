// Shows that the audit passes over a whole log with operations of every outcome, and names each kind of corruption: by
// somebody who changes what was written, and by a leader, registry key holder or executor who signs what must not be.
import { beforeAll, describe, expect, it } from 'vitest';
import { recoverAddress } from '#libs/crypto';
import { Ledger } from '#libs/options';
import {
  commitmentDigest,
  Decision,
  encodeEntry,
  EntryKind,
  entryId,
  Outcome,
  type SignedVote,
  Vote,
} from '#libs/protocol';
import { testSigner } from '#libs/executor-sdk';
import {
  callTerms,
  exercise,
  listSeries,
  openStage,
  playScenario,
  prepareEntry,
  priceEntry,
  rootEntry,
  sharedEntry,
  type Stage,
  transferEntry,
  type TinyNetwork,
} from '#libs/testkit';
import { type MemoryLog, memoryLog, memorySource } from '../testing/memory-source.js';
import { type AuditOptions, type AuditReport, auditLog } from './audit-log.js';

const toLog = ({ genesis, blocks, entries }: TinyNetwork): MemoryLog =>
  structuredClone(memoryLog(genesis, blocks, entries));

const audit = (log: MemoryLog, options: Partial<AuditOptions> = {}): Promise<AuditReport> =>
  auditLog({
    source: memorySource(log),
    recover: recoverAddress,
    recoverSenders: (records) =>
      Promise.resolve(
        records.map(({ signingHash, signature, recoveryId }) =>
          recoverAddress(signingHash, Uint8Array.of(...signature, recoveryId)),
        ),
      ),
    ...options,
  });

const rules = ({ counts }: AuditReport): string[] => Object.keys(counts);

let whole: TinyNetwork;
beforeAll(async () => {
  whole = (await playScenario()).network;
});

describe('a whole log', () => {
  it('has no problem, and every state root in it is compared with re-execution', async () => {
    const report = await audit(toLog(whole));
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, problemCount: 0, blocks: whole.blocks.length, executed: true });
    expect(report).toMatchObject({ entries: whole.entries.length, operations: 6, decisions: 6, transactions: 5 });
    expect(report.stateRoots).toEqual({ stated: 5, compared: 5 });
  });

  it('is audited from a later block on: what comes before is only read', async () => {
    const log = toLog(whole);
    log.blocks[1]!.signature[7]! ^= 1;
    expect(rules(await audit(log))).toEqual(['I2 HEADER_SIGNATURE']);
    expect(rules(await audit(log, { from: 3 }))).toEqual([]);
  });

  it('is not executed where that is not asked for', async () => {
    expect(await audit(toLog(whole), { execute: false })).toMatchObject({
      ok: true,
      executed: false,
      stateRoots: { stated: 5, compared: 0 },
    });
  });

  it('tells a problem with its place and the entry concerned', async () => {
    const log = toLog(whole);
    const entry = transactions(log)[1]!;
    entry.sender![0]! ^= 1;
    const problem = (await audit(log)).problems.find(({ code }) => code === 'SENDER')!;
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
    expect(rules(await audit(log))).toEqual(expect.arrayContaining(expected));
  });
});

/** Plays on after the opening, and gives the rules that the audit then finds broken. */
async function played(play: (stage: Stage) => void | Promise<void>): Promise<string[]> {
  const stage = await openStage();
  await play(stage);
  return rules(await audit(toLog(stage.network)));
}

/** The decision that is due on the newest operation, changed, in a block of its own. */
function decideWith(
  { network }: Stage,
  change: (decision: Decision) => void,
  options: { advanceMs?: number; twice?: boolean } = {},
): void {
  const { advanceMs = 100, twice = false } = options;
  const [decision] = network.decisionsAt(network.tip.timestampMs + 100);
  change(decision!);
  const entry = sharedEntry(EntryKind.DECISION, Decision.serialize(decision!));
  network.append([entry], { decide: false, apply: false, advanceMs });
  if (!twice) return;
  // The same decision again, told apart by its votes' order.
  decision!.votes.reverse();
  network.append([sharedEntry(EntryKind.DECISION, Decision.serialize(decision!))], { decide: false, apply: false });
}

function signedVote({ logId }: TinyNetwork, vote: Vote, key: string): SignedVote {
  const digest = commitmentDigest(logId, 'vote', Vote.hashTreeRoot(vote));
  return { vote, signature: testSigner(key).sign(digest) };
}

describe('a log in which somebody signed what must not be', () => {
  const quantity = 10n ** 17n;
  const prepared = (stage: Stage): void => exercise(stage, stage.intents.exercise(callTerms, quantity));
  const decided =
    (change: (decision: Decision, stage: Stage) => void, options?: { advanceMs?: number; twice?: boolean }) =>
    (stage: Stage): void => {
      prepared(stage);
      decideWith(stage, (decision) => change(decision, stage), options);
    };

  const cases: [string, string[], (stage: Stage) => void | Promise<void>][] = [
    ['a missing vote', ['I17 COMMIT_WITHOUT_YES'], decided(({ votes }) => void votes.pop())],
    ['COMMIT after the deadline', ['I17 COMMIT_AFTER_DEADLINE'], decided(() => {}, { advanceMs: 11_000 })],
    ['a decision twice', ['I16 DECISION_REPEATED'], decided(() => {}, { twice: true })],
    [
      'a vote of another key',
      ['I32 VOTE_KEY'],
      decided((decision, { network }) => {
        decision.votes[0] = signedVote(network, decision.votes[0]!.vote, 'replica 7');
      }),
    ],
    [
      'a vote for another block',
      ['I24 VOTE'],
      decided((decision, { network }) => {
        const vote = { ...decision.votes[0]!.vote, prepareBlockHash: new Uint8Array(32) };
        decision.votes[0] = signedVote(network, vote, 'voting 7');
      }),
    ],
    [
      'an abort without a cause',
      ['I17 ABORT_WITHOUT_CAUSE'],
      decided((decision) => Object.assign(decision, { outcome: Outcome.abort, reason: 6 })),
    ],
    [
      'a decision without PREPARE',
      ['I16 DECISION_WITHOUT_PREPARE'],
      decided((decision) => (decision.operationId = new Uint8Array(32).fill(5))),
    ],
    [
      'an operation prepared twice',
      ['I16 PREPARE_REPEATED'],
      (stage) => {
        const intent = stage.intents.exercise(callTerms, quantity);
        exercise(stage, intent);
        stage.network.append([prepareEntry(stage.network, intent, ['holder'])], { decide: false, apply: false });
      },
    ],
    [
      "a signer's nonce used by two operations",
      ['I16 OPERATION_NONCE'],
      (stage) => {
        const intent = stage.intents.exercise(callTerms, quantity);
        const other = structuredClone(intent);
        other.value.nonce = 0n;
        exercise(stage, intent);
        stage.network.append();
        const again = structuredClone(other);
        again.value.quantity += 1n;
        for (const one of [other, again]) stage.network.append([prepareEntry(stage.network, one, ['holder'])]);
      },
    ],
    [
      'an operation that stays undecided',
      ['I26 OPERATION_OVERDUE'],
      (stage) => {
        prepared(stage);
        stage.network.append([], { decide: false, advanceMs: 11_000 });
        stage.network.append([], { decide: false, advanceMs: 5_000 });
      },
    ],
    [
      'an intent that its holder did not sign',
      ['I8 INTENT_SIGNATURE'],
      ({ network, intents }) =>
        void network.append([prepareEntry(network, intents.exercise(callTerms, quantity), ['writer'])]),
    ],
    [
      'a payout that does not follow',
      ['I8 PLAN'],
      ({ network, intents }) =>
        void network.append([
          prepareEntry(network, intents.exercise(callTerms, quantity), ['holder'], {
            change: (prepare) => (prepare.payout += 1n),
          }),
        ]),
    ],
    [
      'a deadline that does not follow from log time',
      ['I7 DEADLINE'],
      ({ network, intents }) =>
        void network.append([
          prepareEntry(network, intents.exercise(callTerms, quantity), ['holder'], {
            change: (prepare) => (prepare.deadlineMs += 1),
          }),
        ]),
    ],
    [
      'an exercise outside its window',
      ['I23 EXERCISE_WINDOW'],
      ({ network, intents }) => {
        const plannedAtMs = network.tip.timestampMs;
        const entry = prepareEntry(network, intents.exercise(callTerms, quantity), ['holder'], { plannedAtMs });
        network.append([entry], { advanceMs: 61_000, decide: false, apply: false });
      },
    ],
    [
      'a price by a foreign key',
      ['I8 PRICE_SIGNATURE'],
      ({ network }) => void network.append([priceEntry(network, 2n, 2_600n, 'writer')], { apply: false }),
    ],
    [
      'a price of a round that was there',
      ['I8 PRICE'],
      ({ network }) => {
        // The network's own book refuses it, so it goes past that.
        const entry = priceEntry(network, 1n, 2_600n);
        network.prices.check = () => null;
        network.append([entry], { apply: false });
      },
    ],
    [
      'a registry change by a foreign key',
      ['I8 REGISTRY_SIGNATURE'],
      ({ network, nextNonce }) => {
        const terms = { ...callTerms(network.genesis.startTimeMs), strike: BigInt(nextNonce) };
        network.append([listSeries(network, terms, 'writer')], { apply: false });
      },
    ],
    [
      'a state root by a foreign key',
      ['I32 ROOT_KEY'],
      ({ network }) => void network.append([rootEntry(network, 7, 'writer')]),
    ],
    [
      'a wrong state root',
      ['I15 STATE_ROOT'],
      ({ network }) => void network.append([rootEntry(network, 7, 'voting 7', new Uint8Array(32).fill(1))]),
    ],
    [
      'a nonce used twice',
      ['I9 NONCE_REPEATED'],
      async ({ network }) => void network.append([await transferEntry(7, 2, 77n)], { apply: false }),
    ],
    [
      'a transaction repeated',
      ['I9 NONCE_REPEATED'],
      ({ network }) => {
        const { kind, lane, id, sender, nonce, bytes } = network.entries.find(({ lane: of }) => of === 7)!;
        network.append([{ kind, lane, id, sender, nonce, bytes }], { apply: false });
      },
    ],
    [
      'a nonce left out',
      ['I5 NONCE_GAP'],
      async ({ network }) => void network.append([await transferEntry(7, 5, 77n)], { apply: false }),
    ],
    [
      'a transaction for another rollup',
      ['I31 TRANSACTION'],
      async ({ network }) => void network.append([await transferEntry(7, 3, 77n, { lane: 8 })], { apply: false }),
    ],
    [
      'a sender that a leader made up',
      ['I5 SENDER'],
      async ({ network }) => {
        const entry = await transferEntry(7, 0, 77n);
        network.append([{ ...entry, sender: new Uint8Array(20).fill(4) }], { apply: false });
      },
    ],
    [
      'an entry that cannot be read',
      ['I8 ENTRY_UNREADABLE'],
      ({ network }) => {
        const bytes = encodeEntry(EntryKind.STATE_ROOT, new Uint8Array(3));
        const entry = { kind: EntryKind.STATE_ROOT, lane: 7, id: entryId(bytes), sender: null, nonce: null, bytes };
        network.append([entry], { apply: false });
      },
    ],
    [
      'an epoch that falls',
      ['I3 EPOCH_FALLS'],
      ({ network }) => {
        network.epoch = 3;
        network.append();
        network.epoch = 2;
        network.append();
      },
    ],
    [
      'two leaders of one epoch',
      ['I3 EPOCH_LEADER'],
      ({ network }) => void network.append([], { leader: 'second sequencer' }),
    ],
    ['a leader that is none', ['I2 UNKNOWN_LEADER'], ({ network }) => void network.append([], { leader: 'writer' })],
    [
      'a timestamp that goes backwards',
      ['I7 TIMESTAMP_FALLS'],
      ({ network }) => void network.append([], { apply: false, tamper: ({ header }) => (header.timestamp -= 200) }),
    ],
    [
      'another parent',
      ['I2 PARENT_HASH'],
      ({ network }) =>
        void network.append([], { apply: false, tamper: ({ header }) => (header.parentHash = new Uint8Array(32)) }),
    ],
    [
      'another registry',
      ['I2 REGISTRY_ROOT'],
      ({ network }) =>
        void network.append([], { apply: false, tamper: ({ header }) => (header.registryRoot = new Uint8Array(32)) }),
    ],
    [
      'other lanes than there are',
      ['I2 LANES_ROOT'],
      ({ network }) =>
        void network.append([], { apply: false, tamper: ({ header }) => (header.lanesRoot = new Uint8Array(32)) }),
    ],
    [
      'a first sequence that leaves a gap',
      ['I1 FIRST_SEQUENCE'],
      ({ network }) => void network.append([], { apply: false, tamper: ({ header }) => (header.firstSequence += 1n) }),
    ],
  ];
  it.each(cases)('%s is found: %j', async (_what, expected, play) => {
    expect(await played(play)).toEqual(expect.arrayContaining(expected));
  });

  it('what is not conserved by re-execution is found: I19 CONSERVATION', async () => {
    const report = await audit(toLog(whole), {
      openLedger: (genesis, chainId, recover) => {
        const more = { ...genesis, balances: [...genesis.balances] };
        const [first] = more.balances;
        if (first?.chainId === chainId) more.balances[0] = { ...first, amount: first.amount + 1n };
        return Ledger.fromGenesis(more, chainId, { recover });
      },
    });
    expect(rules(report)).toContain('I19 CONSERVATION');
  });

  it('the helpers above break nothing by themselves', async () => {
    expect(await played(() => {})).toEqual([]);
    expect(await played(decided(() => {}))).toEqual([]);
    expect(await played(({ network }) => void network.append([rootEntry(network, 7)]))).toEqual([]);
    expect(await played(({ network }) => void network.append([priceEntry(network, 2n, 2_600n)]))).toEqual([]);
    expect(await played(async ({ network }) => void network.append([await transferEntry(7, 3, 77n)]))).toEqual([]);
  });
});
