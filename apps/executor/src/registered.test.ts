// Shows that the executor of a rollup that joins a running log replays from genesis, where it has no lane yet, and works.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bytesToHex, Slice, SignedVote } from '#libs/protocol';
import { waitFor } from '#libs/testkit';
import { callTerms, commit, listSeries, prepareWrite, registerRollup, yesOf } from './fixtures/operations.js';
import { Rig } from './fixtures/rig.js';

interface State {
  number: number;
  stateRoot: string;
  totals: Record<string, string>;
}

const NEW = 10;

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.start();
});
afterEach(() => rig.stop());

/** Blocks 1 and 2: a series and a write that rollup 10 has no part in. */
function playEarlier(): void {
  const terms = callTerms(rig.log);
  rig.log.append([listSeries(rig.log, terms)]);
  rig.log.append([prepareWrite(rig.log, terms).entry]);
}

it('is refused until the rollup is in force', async () => {
  playEarlier();
  await expect(rig.executor({ chainId: NEW })).rejects.toMatchObject({ code: 'ROLLUP_UNKNOWN' });
});

it('replays from block 1, votes in an operation it takes part in, and another replay gives the same root', async () => {
  playEarlier();
  rig.log.append([registerRollup(rig.log, NEW)]);
  rig.log.append();
  const votes = await rig.listen(`vote.${NEW}`);
  const joined = await rig.executor({ chainId: NEW });
  const { executor } = joined;
  const first = await rig.result<State>('lockstep_state', [], NEW);
  expect(first).toMatchObject({ number: 4, totals: {} });
  expect(executor.describe()).toMatchObject({ state: 'following', laneSequences: { own: '0', shared: '3' } });

  const terms = { ...callTerms(rig.log), settlementChainId: NEW };
  rig.log.append([listSeries(rig.log, terms)]);
  // Nobody has anything there, so the buyer cannot pay a premium on it.
  const dear = prepareWrite(rig.log, terms, { nonce: 5n });
  rig.log.append([dear.entry]);
  await waitFor('a no', () => votes.length > 0, 10_000);
  expect(SignedVote.deserialize(votes[0]!).vote).toMatchObject({ yes: false, chainId: NEW });
  const long = { ...callTerms(rig.log), positionChainId: NEW };
  rig.log.append([listSeries(rig.log, long)]);
  const write = prepareWrite(rig.log, long, { nonce: 6n });
  expect(write.prepare.participants).toContain(NEW);
  rig.log.append([write.entry]);
  const isOnWrite = (bytes: Uint8Array): boolean =>
    bytesToHex(SignedVote.deserialize(bytes).vote.operationId) === bytesToHex(write.prepare.operationId);
  await waitFor('a yes', () => votes.some(isOnWrite), 10_000);
  const own = SignedVote.deserialize(votes.find(isOnWrite)!);
  expect(own.vote.yes).toBe(true);
  const others = write.prepare.participants.filter((chainId) => chainId !== NEW);
  const yeses = others.map((chainId) => SignedVote.deserialize(yesOf(own.vote, chainId)));
  rig.log.append([commit(write.prepare, write.prepareId, [own, ...yeses])]);
  const state = await rig.result<State>('lockstep_state', [], NEW);
  await joined.stop();
  await rig.executor({ chainId: NEW });
  expect(await rig.result('lockstep_state', [], NEW)).toEqual(state);
  expect(executor.halted).toBeNull();
  expect([...executor.ledger.positions()].map(({ available }) => available)).toEqual([10n ** 18n]);
});

it('has no lane in the slices of earlier blocks', async () => {
  playEarlier();
  rig.log.append([registerRollup(rig.log, NEW)]);
  rig.log.append();
  const slices = (await rig.log.slices(NEW, 1, 9, 1_000_000)).map((bytes) => Slice.deserialize(bytes).own);
  expect(slices.map(({ chainId, index, proof }) => [chainId, index, proof.length])).toEqual([
    [NEW, 0, 0],
    [NEW, 0, 0],
    [NEW, 0, 0],
    [NEW, 4, 8],
  ]);
});
