// Shows that the audit names what a leader, an executor or a holder of another key signed and must not have signed.
import { describe, expect, it } from 'vitest';
import { testSigner } from '#libs/executor-sdk';
import {
  commitmentDigest,
  Decision,
  encodeEntry,
  EntryKind,
  entryId,
  Outcome,
  Restore,
  SignedRestore,
  type SignedVote,
  Vote,
} from '#libs/protocol';
import { historyFixtures } from '#libs/testkit';
import { auditMemory, rulesOf, toLog } from '../testing/audit-memory.js';

const { callTerms, exercise, listSeries, openStage, prepareEntry, priceEntry, rootEntry, sharedEntry, transferEntry } =
  historyFixtures;
type Stage = historyFixtures.Stage;
type TinyNetwork = historyFixtures.TinyNetwork;

/** Plays on after the opening, and gives the rules that the audit then finds broken. */
async function played(play: (stage: Stage) => void | Promise<void>): Promise<string[]> {
  const stage = await openStage();
  await play(stage);
  return rulesOf(await auditMemory(toLog(stage.network)));
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

/** A block of epoch 6 that begins with a restore after the newest block, from epochs up to 5. */
function restore({ network }: Stage, over: Partial<Restore> = {}, { key = 'registry' } = {}): void {
  const { number, hash } = network.tip;
  const declared = { lastBlock: number, lastHash: hash, epochAbove: 5, ...over };
  const digest = commitmentDigest(network.logId, 'restore', Restore.hashTreeRoot(declared));
  const body = SignedRestore.serialize({ restore: declared, signature: testSigner(key).sign(digest) });
  network.epoch = 6;
  network.append([sharedEntry(EntryKind.RESTORE, body)], { apply: false });
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
    ['a restore by a foreign key', ['I11 RESTORE'], (stage) => restore(stage, {}, { key: 'price' })],
    ['a restore of another last block', ['I11 RESTORE'], (stage) => restore(stage, { lastBlock: 1 })],
    ['a restore of another branch', ['I11 RESTORE'], (stage) => restore(stage, { lastHash: new Uint8Array(32) })],
    ['an epoch that a restore gave up', ['I11 RESTORE'], (stage) => restore(stage, { epochAbove: 6 })],
    [
      'an epoch of the lost branch after a restore',
      ['I3 EPOCH_FALLS'],
      (stage) => {
        restore(stage);
        stage.network.epoch = 5;
        stage.network.append([], { apply: false });
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

  it('the helpers above break nothing by themselves', async () => {
    expect(await played(() => {})).toEqual([]);
    expect(await played(decided(() => {}))).toEqual([]);
    expect(await played((stage) => restore(stage))).toEqual([]);
    expect(await played(({ network }) => void network.append([rootEntry(network, 7)]))).toEqual([]);
    expect(await played(({ network }) => void network.append([priceEntry(network, 2n, 2_600n)]))).toEqual([]);
    expect(await played(async ({ network }) => void network.append([await transferEntry(7, 3, 77n)]))).toEqual([]);
  });
});
