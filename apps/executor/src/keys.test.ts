// Shows with which key an executor signs while its rollup's keys are rotated, and what it says when it has none.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recoverAddress } from '#libs/crypto';
import { testPrivateKey, testSigner } from '#libs/executor-sdk';
import { bytesToHex, commitmentDigest, KeyRole, SignedStateRoot, SignedVote, StateRoot, Vote } from '#libs/protocol';
import { waitFor } from '#libs/testkit';
import { callTerms, listSeries, prepareWrite, setKey } from './fixtures/operations.js';
import { Rig, type TestExecutor } from './fixtures/rig.js';

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.start();
});
afterEach(() => rig.stop());

const OLD = testSigner('voting 7');
const NEW = testSigner('voting 7 anew');
const keyOf = (name: string) => ({ EXECUTOR_KEY: bytesToHex(testPrivateKey(name)) });
const BOTH = { EXECUTOR_OTHER_KEY: bytesToHex(testPrivateKey('voting 7 anew')) };
const addressOf = ({ address }: { address: Uint8Array }): string => bytesToHex(address);
const stateOf = ({ executor }: TestExecutor): string => executor.describe().state;

/** Who signed the votes, by the operation: one signer for each, or the test fails. */
function signersOf(votes: readonly Uint8Array[]): Map<string, string> {
  const signers = new Map<string, string>();
  for (const bytes of votes) {
    const { vote, signature } = SignedVote.deserialize(bytes);
    const digest = commitmentDigest(rig.log.logId, 'vote', Vote.hashTreeRoot(vote));
    const [id, signer] = [bytesToHex(vote.operationId), bytesToHex(recoverAddress(digest, signature)!)];
    expect(signers.get(id) ?? signer).toBe(signer);
    signers.set(id, signer);
  }
  return signers;
}

/** Undecided writes before the block of the rotation, in it and after it. @returns their ids */
function rotateAmidWrites(): string[] {
  const terms = callTerms(rig.log);
  rig.log.append([listSeries(rig.log, terms)]);
  const before = prepareWrite(rig.log, terms, { nonce: 0n });
  rig.log.append([before.entry]);
  const within = prepareWrite(rig.log, terms, { nonce: 1n });
  rig.log.append([setKey(rig.log, KeyRole.VOTING, 7, OLD.address, NEW.address), within.entry]);
  const after = prepareWrite(rig.log, terms, { nonce: 2n });
  rig.log.append([after.entry]);
  return [before, within, after].map(({ prepare }) => bytesToHex(prepare.operationId));
}

describe('an executor whose voting key is rotated', () => {
  it('votes with the key in force in the block of PREPARE, and signs roots and statuses with the new one', async () => {
    const votes = await rig.listen('vote.7');
    const roots = await rig.listen('root.7');
    const voting = await rig.executor({ env: BOTH });
    const ids = rotateAmidWrites();
    await waitFor('three votes', () => signersOf(votes).size === 3, 10_000);
    const [old, next] = [addressOf(OLD), addressOf(NEW)];
    expect(ids.map((id) => signersOf(votes).get(id))).toEqual([old, old, next]);
    expect(voting.executor.describe()).toMatchObject({ state: 'following', key: next });
    const seen = roots.length;
    await waitFor(
      'a root after the rotation',
      async () => {
        rig.log.append([await rig.transfer('alice', 'bob', 1n)]);
        await rig.result('lockstep_waitForHeight');
        return roots.length > seen;
      },
      10_000,
    );
    const { stateRoot, signature } = SignedStateRoot.deserialize(roots.at(-1)!);
    const digest = commitmentDigest(rig.log.logId, 'root', StateRoot.hashTreeRoot(stateRoot));
    expect(bytesToHex(recoverAddress(digest, signature)!)).toBe(next);
  });

  it('that has lost its store votes the same again, with both keys', async () => {
    const first = await rig.executor({ env: BOTH });
    const votes = await rig.listen('vote.7');
    rotateAmidWrites();
    await waitFor('three votes', () => signersOf(votes).size === 3, 10_000);
    await first.stop();
    const before = new Set(votes.splice(0).map((bytes) => bytesToHex(bytes)));
    await rig.executor({
      env: { ...keyOf('voting 7 anew'), EXECUTOR_OTHER_KEY: bytesToHex(testPrivateKey('voting 7')) },
    });
    await waitFor('three votes again', () => signersOf(votes).size === 3, 10_000);
    expect(new Set(votes.map((bytes) => bytesToHex(bytes)))).toEqual(before);
  });

  it('and that has the new key alone says so until it is in force, and votes from there on', async () => {
    const votes = await rig.listen('vote.7');
    const waits = await rig.executor({ env: keyOf('voting 7 anew') });
    rig.log.append();
    await waitFor('no key', () => stateOf(waits) === 'unlisted', 10_000);
    expect(waits.executor.describe().unlisted).toMatchObject({
      code: 'KEY_NOT_REGISTERED',
      message: expect.stringContaining(`the registry has ${addressOf(OLD)}`) as string,
    });
    const [, , after] = rotateAmidWrites();
    await waitFor('a vote', () => votes.length > 0, 10_000);
    expect([...signersOf(votes)]).toEqual([[after, addressOf(NEW)]]);
    expect(stateOf(waits)).toBe('following');
  });

  it('and that has the old key alone says so, and signs nothing more', async () => {
    const left = await rig.executor();
    const votes = await rig.listen('vote.7');
    const [before, within] = rotateAmidWrites();
    await waitFor('both votes', () => signersOf(votes).size === 2, 10_000);
    expect([...signersOf(votes).keys()].sort()).toEqual([before, within].sort());
    await waitFor('no key', () => stateOf(left) === 'unlisted', 10_000);
    const roots = await rig.listen('root.7');
    rig.log.append([await rig.transfer('alice', 'bob', 1n)], { advanceMs: 2_000 });
    const statuses = await rig.listen('status.7');
    await waitFor('two statuses', () => statuses.length >= 2, 10_000);
    expect([roots.length, left.executor.halted]).toEqual([0, null]);
  });
});

it('a replica whose key is removed says so and goes on following; added again, it signs again', async () => {
  const replica = await rig.executor({ role: 'replica' });
  const { address } = testSigner('replica 7');
  const zero = new Uint8Array(20);
  rig.log.append([setKey(rig.log, KeyRole.REPLICA, 7, address, zero)]);
  await waitFor('no key', () => stateOf(replica) === 'unlisted', 10_000);
  expect(replica.executor.describe().unlisted!.message).toMatch(/is no replica key of rollup 7; the registry has none/);
  const roots = await rig.listen('root.7');
  rig.log.append([await rig.transfer('alice', 'bob', 1n)]);
  rig.log.append([setKey(rig.log, KeyRole.REPLICA, 7, zero, address)]);
  // At most one a second.
  const another = (): boolean => rig.log.append() && roots.length > 0;
  await waitFor('a root', another, 10_000);
  expect(SignedStateRoot.deserialize(roots[0]!).stateRoot.number).toBeGreaterThanOrEqual(4);
  expect(stateOf(replica)).toBe('following');
});
