import { type Decision, Outcome, Reason, type SignedVote, type Vote } from '#libs/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDecision, CommitProtocolError, type CommitProtocolErrorType } from './check-decision.js';
import { checkVote } from './check-vote.js';
import * as world from './testing/signed-votes.js';

const DEADLINE_MS = 10_000;
const CHAIN_IDS = [84001, 84002, 84003];
const operation = world.preparedOperation('exercise', CHAIN_IDS, DEADLINE_MS);
const other = world.preparedOperation('other', CHAIN_IDS, DEADLINE_MS);

const yes = CHAIN_IDS.map((chainId) => world.yesOf(operation, chainId));
const no = world.noOf(operation, 84002, Reason.insufficient_collateral);

const decision = (changes: Partial<Decision>): Decision => ({
  operationId: operation.operationId,
  prepareId: operation.prepareId,
  outcome: Outcome.abort,
  reason: Reason.none,
  votes: [],
  auditId: 0n,
  ...changes,
});
const COMMIT = decision({ outcome: Outcome.commit, votes: yes });
const REFUSED = decision({ reason: Reason.insufficient_collateral, votes: [yes[0]!, no] });
const EXPIRED = decision({ reason: Reason.expired, votes: [yes[2]!] });
const OPERATOR = decision({ reason: Reason.operator_abort, auditId: 12n });

/** What is wrong with a decision in a block with this timestamp; null when nothing is. */
function faultOf(decided: Decision, timestampMs = DEADLINE_MS): CommitProtocolErrorType | null {
  try {
    checkDecision(operation, decided, { timestampMs, logId: world.LOG_ID, recover: world.recoverFake });
    return null;
  } catch (thrown) {
    if (thrown instanceof CommitProtocolError) return thrown.type;
    throw thrown;
  }
}

describe('a COMMIT', () => {
  it('is valid with one yes of every participant, in any order, up to its deadline and not after', () => {
    for (const timestampMs of [0, DEADLINE_MS - 1, DEADLINE_MS]) expect(faultOf(COMMIT, timestampMs)).toBeNull();
    expect(faultOf({ ...COMMIT, votes: yes.toReversed() })).toBeNull();
    expect(faultOf(COMMIT, DEADLINE_MS + 1)).toMatchObject({
      code: 'COMMIT_AFTER_DEADLINE',
      timestampMs: DEADLINE_MS + 1,
      deadlineMs: DEADLINE_MS,
    });
  });

  it('is refused when a vote is missing, and says whose', () => {
    for (const [index, chainId] of CHAIN_IDS.entries()) {
      const fault = faultOf({ ...COMMIT, votes: yes.toSpliced(index, 1) });
      expect(fault).toMatchObject({ code: 'COMMIT_WITHOUT_YES', missing: [chainId] });
    }
    expect(faultOf({ ...COMMIT, votes: [] })).toMatchObject({ missing: CHAIN_IDS });
  });

  it('is refused with a no among its votes, with a reason, and with an audit row', () => {
    expect(faultOf({ ...COMMIT, votes: yes.with(1, no) })).toMatchObject({
      code: 'COMMIT_WITHOUT_YES',
      missing: [84002],
    });
    expect(faultOf({ ...COMMIT, reason: Reason.expired })).toMatchObject({ code: 'COMMIT_WITH_REASON' });
    expect(faultOf({ ...COMMIT, auditId: 1n })).toMatchObject({ code: 'DECISION_STRAY_AUDIT_ID', auditId: 1n });
  });
});

describe('an ABORT', () => {
  it('is valid with a no that has its reason, at any time', () => {
    for (const timestampMs of [0, DEADLINE_MS, DEADLINE_MS + 1]) expect(faultOf(REFUSED, timestampMs)).toBeNull();
    expect(faultOf({ ...REFUSED, votes: [no] })).toBeNull();
  });

  it('is refused when its no is missing, is a yes, or says another reason', () => {
    for (const votes of [[], [yes[0]!], yes]) {
      expect(faultOf({ ...REFUSED, votes })).toMatchObject({ code: 'ABORT_WITHOUT_CAUSE' });
    }
    expect(faultOf({ ...REFUSED, reason: Reason.stale_price })).toMatchObject({ code: 'ABORT_WITHOUT_CAUSE' });
    expect(faultOf({ ...REFUSED, reason: Reason.none })).toMatchObject({ code: 'ABORT_WITHOUT_CAUSE' });
    expect(faultOf({ ...REFUSED, reason: 200 })).toMatchObject({ code: 'ABORT_WITHOUT_CAUSE' });
  });

  it('for expiry is valid only after the deadline, whatever votes it carries', () => {
    expect(faultOf(EXPIRED, DEADLINE_MS)).toMatchObject({ code: 'ABORT_WITHOUT_CAUSE' });
    expect(faultOf(EXPIRED, DEADLINE_MS + 1)).toBeNull();
    expect(faultOf({ ...EXPIRED, votes: yes }, DEADLINE_MS + 1)).toBeNull();
  });

  it('by an operator names its audit row, and no other abort does', () => {
    expect(faultOf(OPERATOR)).toBeNull();
    expect(faultOf({ ...OPERATOR, auditId: 0n })).toMatchObject({ code: 'ABORT_WITHOUT_CAUSE' });
    expect(faultOf({ ...REFUSED, auditId: 12n })).toMatchObject({ code: 'DECISION_STRAY_AUDIT_ID' });
    expect(faultOf({ ...EXPIRED, auditId: 12n }, DEADLINE_MS + 1)).toMatchObject({ code: 'DECISION_STRAY_AUDIT_ID' });
  });
});

describe('any decision', () => {
  it.each([
    ['COMMIT', COMMIT, DEADLINE_MS],
    ['ABORT after a no', REFUSED, DEADLINE_MS],
    ['ABORT(expired)', EXPIRED, DEADLINE_MS + 1],
    ['ABORT(operator_abort)', OPERATOR, DEADLINE_MS],
  ])('%s is refused for another operation, prepare or outcome', (_, decided, timestampMs) => {
    const fault = (changes: Partial<Decision>) => faultOf({ ...decided, ...changes }, timestampMs);
    expect(faultOf(decided, timestampMs)).toBeNull();
    expect(fault({ operationId: other.operationId })).toMatchObject({ code: 'DECISION_WRONG_OPERATION' });
    expect(fault({ prepareId: other.prepareId })).toMatchObject({ code: 'DECISION_WRONG_PREPARE' });
    for (const outcome of [0, 3, 255]) {
      expect(fault({ outcome })).toMatchObject({ code: 'DECISION_UNKNOWN_OUTCOME', outcome });
    }
    expect(fault({ outcome: decided.outcome === COMMIT.outcome ? Outcome.abort : Outcome.commit })).not.toBeNull();
  });

  const badVotes: [string, SignedVote, string][] = [
    ['repeated', yes[0]!, 'repeated'],
    ['of the same key with other contents', world.noOf(operation, 84001), 'repeated'],
    ['of another operation', world.yesOf(other, 84003), 'wrong_operation'],
    [
      'with another block hash',
      world.signed(world.voteFor(operation, 84003, { prepareBlockHash: other.prepareBlockHash })),
      'wrong_block',
    ],
    ['of another log', world.signed(world.voteFor(operation, 84003, { logId: world.named('other') })), 'foreign_log'],
    ['of another key', world.signedBy(world.votingKey(84001), world.voteFor(operation, 84003)), 'wrong_key'],
    ['of no participant', world.signed(world.voteFor(operation, 84004)), 'not_a_participant'],
  ];
  it.each(badVotes)('is refused with a vote %s, even where it would stand without', (_, vote, fault) => {
    const [first, second] = yes as [SignedVote, SignedVote];
    for (const decided of [
      { ...COMMIT, votes: [first, second, vote] },
      { ...OPERATOR, votes: [first, vote] },
    ]) {
      expect(faultOf(decided)).toMatchObject({ code: 'DECISION_BAD_VOTE', chainId: vote.vote.chainId, fault });
    }
    expect(faultOf({ ...EXPIRED, votes: [first, vote] }, DEADLINE_MS + 1)).toMatchObject({ code: 'DECISION_BAD_VOTE' });
  });

  it('says in its error which invariant it breaks and for which operation', () => {
    const check = () =>
      checkDecision(
        operation,
        { ...COMMIT, votes: [] },
        { timestampMs: 0, logId: world.LOG_ID, recover: world.recoverFake },
      );
    expect(check).toThrow(/^I17: the decision of operation 0x[0-9a-f]{64} commits without 84001, 84002, 84003$/);
  });
});

describe('checkDecision', () => {
  const vote: fc.Arbitrary<SignedVote> = fc
    .record({
      chainId: fc.constantFrom(...CHAIN_IDS, 84004),
      signer: fc.constantFrom('own', 'own', 'own', 'foreign'),
      changes: fc.constantFrom<Partial<Vote>>(
        ...new Array<Partial<Vote>>(4).fill({}),
        ...[Reason.stale_price, Reason.insufficient_payment, Reason.expired].map((reason) => ({ yes: false, reason })),
        { prepareId: other.prepareId },
        { prepareBlockHash: other.prepareBlockHash },
      ),
    })
    .map(({ chainId, signer, changes }) => {
      const made = world.voteFor(operation, chainId, changes);
      return signer === 'own' ? world.signed(made) : world.signedBy(world.named('mallory').slice(12), made);
    });

  const anyDecision: fc.Arbitrary<Decision> = fc
    .record({
      outcome: fc.constantFrom(Outcome.commit, Outcome.abort),
      reason: fc.constantFrom(Reason.none, Reason.stale_price, Reason.insufficient_payment, Reason.expired, 16),
      votes: fc.oneof(
        fc.uniqueArray(vote, { maxLength: 4, selector: (one) => one.vote.chainId }),
        fc.array(vote, { maxLength: 4 }),
        fc.constant(yes),
      ),
      auditId: fc.constantFrom(0n, 0n, 3n),
    })
    .map(decision);

  it('accepts exactly what I17 says', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(anyDecision, fc.constantFrom(0, DEADLINE_MS, DEADLINE_MS + 1), (decided, timestampMs) => {
        const { votes, outcome, reason, auditId } = decided;
        const late = timestampMs > DEADLINE_MS;
        const voters = votes.map((one) => one.vote.chainId);
        const votesCount =
          new Set(voters).size === voters.length &&
          votes.every((one) => checkVote(one, operation, world.LOG_ID, world.recoverFake) === null);
        const allYes = votes.length === CHAIN_IDS.length && votes.every((one) => one.vote.yes);
        const causes: Record<number, boolean> = {
          [Reason.none]: false,
          [Reason.expired]: late && auditId === 0n,
          [Reason.operator_abort]: auditId > 0n,
        };
        const refusedBySome = votes.some((one) => !one.vote.yes && one.vote.reason === reason) && auditId === 0n;
        const valid =
          votesCount &&
          (outcome === COMMIT.outcome
            ? allYes && !late && reason === COMMIT.reason && auditId === 0n
            : (causes[reason] ?? refusedBySome));
        seen[valid ? 'accepted' : 'refused'] += 1;
        expect(faultOf(decided, timestampMs) === null).toBe(valid);
      }),
      { numRuns: 3000, seed: 17 },
    );
    expect(seen.accepted).toBeGreaterThan(100);
    expect(seen.refused).toBeGreaterThan(100);
  });
});
