import { bytesToHex, hexToBytes, Reason, type SignedVote, Vote } from '#libs/protocol';
import { hashTypedData } from 'viem';
import { describe, expect, it } from 'vitest';
import { checkVote, voteDigest, type VoteFault } from './check-vote.js';
import * as world from './testing/signed-votes.js';

const operation = world.preparedOperation('exercise', [84001, 84002, 84003], 10_000);
const check = (vote: SignedVote, logId = world.LOG_ID): VoteFault | null =>
  checkVote(vote, operation, logId, world.recoverFake);

const REFUSALS = Object.values(Reason).filter(
  (value): value is Reason =>
    typeof value === 'number' && ![Reason.none, Reason.expired, Reason.operator_abort].includes(value),
);

describe('checkVote', () => {
  it('counts a yes, and a no with any reason that a participant can have', () => {
    expect(check(world.yesOf(operation, 84002))).toBeNull();
    expect(REFUSALS).toHaveLength(14);
    for (const reason of REFUSALS) expect(check(world.noOf(operation, 84001, reason)), Reason[reason]).toBeNull();
  });

  it('does not look at what is evidence only', () => {
    const evidence = { laneSequence: 0n, sharedLaneSequence: 0n, stateRoot: world.named('other'), clock: [] };
    expect(check(world.signed(world.voteFor(operation, 84001, evidence)))).toBeNull();
  });

  const faults: [string, Partial<Vote>, VoteFault][] = [
    ['for another log', { logId: world.named('other') }, 'foreign_log'],
    ['for another operation', { operationId: world.named('other') }, 'wrong_operation'],
    ['for an equal prepare in another block', { prepareBlockHash: world.named('other') }, 'wrong_block'],
    ['for another prepare', { prepareId: world.named('other') }, 'wrong_prepare'],
    ['of a rollup that takes no part', { chainId: 84004 }, 'not_a_participant'],
    ['yes with a reason', { reason: Reason.stale_price }, 'bad_reason'],
    ['no without a reason', { yes: false }, 'bad_reason'],
    ['no because it expired, which only a decision can say', { yes: false, reason: Reason.expired }, 'bad_reason'],
    ['no in an operator’s name', { yes: false, reason: Reason.operator_abort }, 'bad_reason'],
    ['no for a reason without a name', { yes: false, reason: 17 }, 'bad_reason'],
  ];
  it.each(faults)('refuses a vote %s', (_, changes, fault) => {
    expect(check(world.signed(world.voteFor(operation, 84001, changes)))).toBe(fault);
  });

  it('refuses a vote of another key, of another participant’s key, and without a valid signature', () => {
    const vote = world.voteFor(operation, 84001);
    expect(check(world.signedBy(world.named('mallory').slice(12), vote))).toBe('wrong_key');
    expect(check(world.signedBy(world.votingKey(84002), vote))).toBe('wrong_key');
    expect(check({ vote, signature: new Uint8Array(65) })).toBe('wrong_key');
  });

  it('refuses a vote that was changed after it was signed', () => {
    const { vote, signature } = world.yesOf(operation, 84001);
    const changes: Partial<Vote>[] = [
      { chainId: 84002 },
      { yes: false, reason: Reason.stale_price },
      { laneSequence: 6n },
      { sharedLaneSequence: 6n },
      { stateRoot: world.named('other') },
      { clock: [] },
    ];
    for (const change of changes) expect(check({ vote: { ...vote, ...change }, signature })).toBe('wrong_key');
  });
});

describe('voteDigest', () => {
  it('is the EIP-712 digest of Commitment("vote", SSZ root) in the vote’s own log', () => {
    const vote = world.voteFor(operation, 84001);
    const expected = hashTypedData({
      domain: { name: 'Lockstep', version: '1', salt: bytesToHex(vote.logId) },
      types: {
        Commitment: [
          { name: 'kind', type: 'string' },
          { name: 'root', type: 'bytes32' },
        ],
      },
      primaryType: 'Commitment',
      message: { kind: 'vote', root: bytesToHex(Vote.hashTreeRoot(vote)) },
    });
    expect(voteDigest(vote)).toEqual(hexToBytes(expected));
  });
});
