import { describe, expect, it } from 'vitest';
import { testSigner } from '#libs/executor-sdk';
import {
  bytesToHex,
  commitmentDigest,
  Decision,
  EntryKind,
  Outcome,
  Reason,
  type SignedVote,
  Vote,
} from '#libs/protocol';
import { brokenIn } from './fixtures/broken.js';
import {
  digestOf,
  HOLDER,
  listSeries,
  operationId,
  prepareEntry,
  priceEntry,
  rootEntry,
  setQuarantined,
  transferEntry,
  WRITER,
} from './fixtures/entries.js';
import { callTerms, exercise, openStage, putTerms, type Stage } from './fixtures/scenario.js';
import { sharedEntry, type TinyNetwork } from './fixtures/tiny-network.js';
import { checkHistory } from './check-history.js';
import type { History } from './history.js';

/** A leader signs a log that breaks a rule; hashes, lanes and signatures are all in order. */
const finish = ({ network }: Stage, options = {}) => brokenIn(network.history(), options);

/** The decision that an honest leader would take next. */
function nextDecision(network: TinyNetwork, advanceMs = 100): Decision {
  return network.decisionsAt(network.tip.timestampMs + advanceMs)[0]!;
}
const decisionEntry = (decision: Decision) => sharedEntry(EntryKind.DECISION, Decision.serialize(decision));

async function stageWithExercise(): Promise<Stage> {
  const stage = await openStage();
  exercise(stage, stage.intents.exercise(callTerms));
  return stage;
}

/** Appends a decision that makes every executor halt, and leaves them where they were. */
function appendHalting({ network }: Stage, change: (decision: Decision) => void, advanceMs = 100): void {
  const decision = nextDecision(network);
  change(decision);
  network.append([decisionEntry(decision)], { decide: false, apply: false, advanceMs });
}

describe('a dishonest leader', () => {
  it('an epoch that falls breaks I3', async () => {
    const stage = await openStage();
    stage.network.epoch = 2;
    stage.network.append();
    stage.network.epoch = 1;
    stage.network.append();
    expect(finish(stage)).toEqual(['I3']);
  });

  it('two leaders of one epoch break I3', async () => {
    const stage = await openStage();
    stage.network.append([], { leader: 'second sequencer' });
    expect(finish(stage)).toEqual(['I3']);
  });

  it('a leader that the registry does not know breaks I2', async () => {
    const stage = await openStage();
    stage.network.epoch = 2;
    stage.network.append([], { leader: 'nobody' });
    expect(finish(stage)).toEqual(['I2']);
  });

  it('log time that goes backwards breaks I7', async () => {
    const stage = await openStage();
    stage.network.append([], { apply: false, tamper: ({ header }) => (header.timestamp -= 10_000) });
    expect(finish(stage, { atRest: false })).toEqual(['I7']);
  });

  it('a deadline that is not what log time gives breaks I7', async () => {
    const stage = await openStage();
    const intent = stage.intents.exercise(callTerms);
    const change = (prepare: { deadlineMs: number }) => (prepare.deadlineMs -= 1);
    stage.network.append([prepareEntry(stage.network, intent, [HOLDER], { change })]);
    stage.network.append();
    expect(finish(stage)).toEqual(['I7']);
  });

  it('a nonce that is skipped breaks I5 and stops every replay', async () => {
    const stage = await openStage();
    stage.network.append([await transferEntry(7, 9, 1n)], { apply: false });
    expect(finish(stage, { atRest: false })).toEqual(['I5']);
    const incomplete = checkHistory(stage.network.history(), { invariants: ['I5', 'I19'], atRest: false });
    expect(incomplete.map(({ status }) => status)).toEqual(['failed', 'incomplete']);
  });

  it("a transaction in another rollup's lane breaks I31", async () => {
    const stage = await openStage();
    stage.network.append([await transferEntry(9, 0, 1n, { lane: 8, from: 'stranger' })], { apply: false });
    expect(finish(stage, { atRest: false })).toEqual(['I31']);
  });

  it('one transaction twice breaks I9, its nonce I5', async () => {
    const stage = await openStage();
    const entry = await transferEntry(7, 3, 1n);
    stage.network.append([entry]);
    stage.network.append([entry], { apply: false });
    expect(finish(stage, { atRest: false })).toEqual(['I5', 'I9']);
  });

  it('a price that the price key did not sign breaks I8', async () => {
    const stage = await openStage();
    stage.network.append([priceEntry(stage.network, 2n, 3_000n, 'nobody')], { apply: false });
    expect(finish(stage, { atRest: false })).toEqual(['I8']);
  });

  it('a registry change that the registry key did not sign breaks I8', async () => {
    const stage = await openStage();
    const terms = { ...callTerms(stage.network.tip.timestampMs), strike: 1n };
    stage.network.append([listSeries(stage.network, terms, 'nobody')], { apply: false });
    expect(finish(stage, { atRest: false })).toEqual(['I8']);
  });

  it('an intent that its holder did not sign breaks I8, though every participant refuses it', async () => {
    const stage = await openStage();
    const intent = stage.intents.exercise(callTerms);
    stage.network.append([prepareEntry(stage.network, intent, [WRITER])]);
    stage.network.append();
    expect(finish(stage)).toEqual(['I8']);
  });

  it('what no client sent breaks I8 where all clients are known', async () => {
    const stage = await openStage();
    stage.network.append([await transferEntry(7, 3, 1n)]);
    expect(finish(stage)).toEqual([]);
    expect(finish(stage, { clientsComplete: true })).toEqual(['I8']);
  });

  it('a vote dropped from the certificate of a COMMIT breaks I17', async () => {
    const stage = await stageWithExercise();
    appendHalting(stage, (decision) => decision.votes.pop());
    expect(finish(stage, { atRest: false })).toEqual(['I17']);
  });

  it('a COMMIT after the deadline breaks I17', async () => {
    const stage = await stageWithExercise();
    appendHalting(stage, () => undefined, 10_500);
    expect(finish(stage, { atRest: false })).toEqual(['I17']);
  });

  it('an ABORT without a cause breaks I17', async () => {
    const stage = await stageWithExercise();
    appendHalting(stage, (decision) => Object.assign(decision, { outcome: Outcome.abort, reason: Reason.expired }));
    expect(finish(stage, { atRest: false })).toEqual(['I17']);
  });

  it("a vote signed by another rollup's key breaks I17, I24 and I32", async () => {
    const stage = await stageWithExercise();
    appendHalting(stage, ({ votes }) => (votes[1] = signedBy(stage.network, votes[1]!.vote, 'voting 7')));
    expect(finish(stage, { atRest: false })).toEqual(['I17', 'I24', 'I32']);
  });

  it('a vote for another block breaks I17 and I24', async () => {
    const stage = await stageWithExercise();
    appendHalting(stage, ({ votes }) => {
      votes[1] = signedBy(stage.network, { ...votes[1]!.vote, prepareBlockHash: digestOf('elsewhere') }, 'voting 8');
    });
    expect(finish(stage, { atRest: false })).toEqual(['I17', 'I24']);
  });

  it('a vote that is counted twice breaks I16 and I17', async () => {
    const stage = await stageWithExercise();
    appendHalting(stage, ({ votes }) => votes.push(votes[0]!));
    expect(finish(stage, { atRest: false })).toEqual(['I16', 'I17']);
  });

  it('a second DECISION breaks I16', async () => {
    const stage = await stageWithExercise();
    const decision = nextDecision(stage.network);
    stage.network.append();
    stage.network.append([decisionEntry({ ...decision, auditId: 0n })], { apply: false });
    expect(finish(stage, { atRest: false })).toEqual(['I9', 'I16']);
  });

  it('a DECISION without PREPARE breaks I16', async () => {
    const stage = await stageWithExercise();
    const decision = { ...nextDecision(stage.network), operationId: digestOf('unknown') };
    stage.network.append([decisionEntry(decision)], { apply: false });
    stage.network.append([], { apply: false });
    expect(finish(stage, { atRest: false })).toEqual(['I16']);
  });

  it('an operation that is undecided at rest breaks I16 and leaves holds (I20)', async () => {
    const stage = await stageWithExercise();
    expect(finish(stage, { atRest: false })).toEqual([]);
    expect(finish(stage)).toEqual(['I16', 'I20']);
  });

  it("a signer's nonce used by two operations breaks I16", async () => {
    const stage = await openStage();
    const first = stage.intents.exercise(callTerms);
    const second = stage.intents.exercise(callTerms, 10n ** 17n);
    second.value.nonce = first.value.nonce;
    stage.network.append([first, second].map((intent) => prepareEntry(stage.network, intent, [HOLDER])));
    stage.network.append();
    expect(finish(stage)).toEqual(['I16']);
  });

  it('a COMMIT by the yes of an executor that holds nothing breaks I18', async () => {
    const stage = await openStage();
    stage.network.lie = (vote) => ({ ...vote, yes: true, reason: Reason.none });
    exercise(stage, stage.intents.exercise(callTerms, 10n ** 20n));
    stage.network.append([], { apply: false });
    expect(finish(stage, { atRest: false })).toEqual(['I18']);
  });

  it('an exercise prepared outside its window breaks I23, though every participant refuses it', async () => {
    const stage = await openStage();
    const { network } = stage;
    const intent = stage.intents.exercise(callTerms);
    const plannedAtMs = network.tip.timestampMs;
    network.append([prepareEntry(network, intent, [HOLDER], { plannedAtMs })], { advanceMs: 60_000 });
    network.append();
    expect(finish(stage)).toEqual(['I23']);
  });

  it('a European exercise before expiry breaks I23', async () => {
    const stage = await openStage();
    const { network } = stage;
    const like = stage.intents.exercise(callTerms);
    const intent = stage.intents.exercise(putTerms);
    // The put cannot be planned yet: what the call's exercise says stands in for it.
    const plan = prepareEntry(network, like, [HOLDER], {
      change: (prepare) => {
        prepare.intent = intent;
        prepare.operationId = operationId(network, intent);
        prepare.signatures = [testSigner(HOLDER).sign(prepare.operationId)];
      },
    });
    network.append([plan]);
    network.append();
    expect(finish(stage)).toEqual(['I23']);
  });

  it('an operation that is decided long after its deadline breaks I26', async () => {
    const stage = await openStage();
    const { network } = stage;
    network.silent.add(9);
    exercise(stage, stage.intents.exercise(callTerms));
    network.append([], { advanceMs: 10_500, decide: false });
    network.append([], { advanceMs: 2_000 });
    expect(finish(stage)).toEqual(['I26']);
  });

  it('a late first block after the deadline that decides breaks nothing: nobody led meanwhile', async () => {
    const stage = await openStage();
    stage.network.silent.add(9);
    exercise(stage, stage.intents.exercise(callTerms));
    stage.network.append([], { advanceMs: 25_000 });
    expect(finish(stage)).toEqual([]);
  });

  it('a wrong root that the run itself signed breaks I15 unless the rollup is quarantined after it', async () => {
    const stage = await openStage();
    const { network } = stage;
    const wrong = digestOf('wrong');
    network.append([rootEntry(network, 7, 'replica 7', wrong)]);
    network.append();
    const told = (): History => ({ ...network.history(), wrongRoots: [bytesToHex(wrong)] });
    expect(brokenIn(told())).toEqual(['I15']);
    network.append([setQuarantined(network, 7, true)]);
    network.append([setQuarantined(network, 7, false)]);
    network.append();
    expect(brokenIn(told())).toEqual([]);
  });

  it('a state root that is not the state breaks I15', async () => {
    const stage = await openStage();
    stage.network.append([rootEntry(stage.network, 7, 'voting 7', digestOf('wrong'))]);
    expect(finish(stage)).toEqual(['I15']);
  });

  it('a state root signed by no key of the rollup breaks I32', async () => {
    const stage = await openStage();
    stage.network.append([rootEntry(stage.network, 7, 'voting 8')]);
    expect(finish(stage)).toEqual(['I32']);
  });
});

function signedBy(network: TinyNetwork, vote: Vote, key: string): SignedVote {
  const signature = testSigner(key).sign(commitmentDigest(network.logId, 'vote', Vote.hashTreeRoot(vote)));
  return { vote, signature };
}
