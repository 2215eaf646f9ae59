// An executor whose own state is in doubt is silent: one that lost state votes again once it has replayed it, one whose
// replica came to another state once an operator has looked into it. Being slow is neither.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testSigner } from '#libs/executor-sdk';
import {
  bytesToHex,
  commitmentDigest,
  encodeEntry,
  EntryKind,
  SignedStateRoot,
  SignedVote,
  StateRoot,
} from '#libs/protocol';
import { waitFor } from '#libs/testkit';
import { callTerms, commit, listSeries, prepareWrite, setQuarantined, yesOf } from './fixtures/operations.js';
import { Rig, type TestExecutor } from './fixtures/rig.js';

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.start();
});
afterEach(() => rig.stop());

const stateOf = ({ executor }: TestExecutor): string => executor.describe().state;
const operationsOf = (votes: readonly Uint8Array[]): Set<string> =>
  new Set(votes.map((bytes) => bytesToHex(SignedVote.deserialize(bytes).vote.operationId)));

/** Lets some rounds of votes go by: statuses go out over the same connection, one a second. */
async function roundsGoBy(): Promise<void> {
  const statuses = await rig.listen('status.7');
  rig.connection.publish('vote.request.7');
  await waitFor('two statuses', () => statuses.length >= 2, 10_000);
}

/**
 * Blocks 1 to 5: a series; three transfers; two writes prepared, of which the first is committed by block 5 with a vote
 * of rollup 7 that names three transfers of its lane. The executor has applied as much as replay hands out.
 */
async function playWrites({ publishLast = true } = {}): Promise<{ undecided: string }> {
  const votes = await rig.listen('vote.7');
  const terms = callTerms(rig.log);
  rig.log.append([listSeries(rig.log, terms)]);
  const transfers = [1n, 2n, 3n].map((value) => rig.transfer('alice', 'bob', value));
  rig.log.append(await Promise.all(transfers));
  const first = prepareWrite(rig.log, terms);
  rig.log.append([first.entry]);
  const second = prepareWrite(rig.log, terms, { nonce: 1n });
  rig.log.append([second.entry]);
  const idOf = ({ prepare }: typeof first): string => bytesToHex(prepare.operationId);
  await waitFor('both votes', () => operationsOf(votes).size === 2, 10_000);
  const own = votes
    .map((bytes) => SignedVote.deserialize(bytes))
    .find(({ vote }) => bytesToHex(vote.operationId) === idOf(first))!;
  expect(own.vote.laneSequence).toBe(3n);
  const others = [8, 9].map((chainId) => SignedVote.deserialize(yesOf(own.vote, chainId)));
  rig.log.append([commit(first.prepare, first.prepareId, [own, ...others])], { publish: publishLast });
  return { undecided: idOf(second) };
}

describe('an executor that lost its state', () => {
  it('is regressed by a certificate with its own vote, and votes no more until it has replayed up to there', async () => {
    const before = await rig.executor();
    const { undecided } = await playWrites();
    await rig.result('lockstep_waitForHeight');
    await before.stop();
    rig.log.replayUpTo = 1;
    const wiped = await rig.executor();
    await waitFor('the first block', () => wiped.executor.cursor.number === 1, 10_000);
    rig.log.append(); // shows it that blocks are missing
    await waitFor('a replay', () => stateOf(wiped) === 'replaying', 10_000);
    rig.log.publish(rig.log.blocks[4]!);
    await waitFor('the regression', () => stateOf(wiped) === 'regressed', 10_000);
    const votes = await rig.listen('vote.7');
    rig.log.replayUpTo = 4; // both PREPAREs, not the certificate
    await waitFor('block 4', () => wiped.executor.cursor.number === 4, 10_000);
    expect(wiped.executor.undecidedVotes).toBe(2);
    await roundsGoBy();
    expect([votes.length, stateOf(wiped)]).toEqual([0, 'regressed']);
    rig.log.replayUpTo = Infinity;
    await waitFor('votes again', () => votes.length > 0, 10_000);
    expect(operationsOf(votes)).toEqual(new Set([undecided]));
    await waitFor('it to follow', () => stateOf(wiped) === 'following', 10_000);
  });

  it('is not taken for regressed where it is only slow: what it voted on it still has', async () => {
    rig.log.replayUpTo = 4;
    const slow = await rig.executor();
    await playWrites({ publishLast: false });
    await waitFor('block 4', () => slow.executor.cursor.number === 4, 10_000);
    rig.log.append(); // shows it that blocks are missing
    await waitFor('a replay', () => stateOf(slow) === 'replaying', 10_000);
    rig.log.publish(rig.log.blocks[4]!);
    const votes = await rig.listen('vote.7');
    await roundsGoBy();
    expect([stateOf(slow), slow.executor.cursor.number]).toEqual(['replaying', 4]);
    expect(operationsOf(votes).size).toBe(2);
  });

  it('in-flight work lost on restart: votes that were stored and not decided go out again, the same bytes', async () => {
    const first = await rig.executor();
    const sent = await rig.listen('vote.7');
    const { undecided } = await playWrites();
    await rig.result('lockstep_waitForHeight');
    await first.stop();
    rig.log.silence(); // nothing comes by replay: all it has is its store
    const again = await rig.listen('vote.7');
    await rig.executor({ dataDir: first.dataDir });
    await waitFor('a vote', () => again.length > 0, 10_000);
    expect(operationsOf(again)).toEqual(new Set([undecided]));
    expect(sent.map(bytesToHex)).toContain(bytesToHex(again[0]!));
  });
});

describe('an executor whose replica states another root of one height', () => {
  it('is silent from then on, and votes again once its rollup was quarantined and released', async () => {
    const disputed = await rig.executor();
    const roots = await rig.listen('root.7');
    const votes = await rig.listen('vote.7');
    const terms = callTerms(rig.log);
    rig.log.append([listSeries(rig.log, terms), await rig.transfer('alice', 'bob', 1n)]);
    await waitFor('its root', () => roots.length > 0, 10_000);
    const { stateRoot } = SignedStateRoot.deserialize(roots[0]!);
    rig.log.append([stateRootEntry(stateRoot)]);
    await rig.result('lockstep_waitForHeight');
    expect(stateOf(disputed)).toBe('following'); // the same root is no dispute
    rig.log.append([stateRootEntry({ ...stateRoot, root: new Uint8Array(32).fill(7) })]);
    rig.log.append([prepareWrite(rig.log, terms).entry]);
    await rig.result('lockstep_waitForHeight');
    expect([stateOf(disputed), disputed.executor.undecidedVotes]).toEqual(['disputed', 1]);
    await roundsGoBy();
    expect(votes).toEqual([]);
    rig.log.append([setQuarantined(rig.log, 7, true)]);
    await rig.result('lockstep_waitForHeight');
    expect([stateOf(disputed), votes.length]).toEqual(['disputed', 0]);
    rig.log.append([setQuarantined(rig.log, 7, false)]);
    await waitFor('its vote', () => votes.length > 0, 10_000);
    expect(stateOf(disputed)).toBe('following');
  });
});

/** A root in rollup 7's lane, signed by its replica. */
function stateRootEntry(stateRoot: StateRoot) {
  const digest = commitmentDigest(rig.log.logId, 'root', StateRoot.hashTreeRoot(stateRoot));
  const signed = SignedStateRoot.serialize({ stateRoot, signature: testSigner('replica 7').sign(digest) });
  return { bytes: encodeEntry(EntryKind.STATE_ROOT, signed), chainId: 7 };
}
