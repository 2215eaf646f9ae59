import { bytesToHex, type Decision, Outcome, Reason, type SignedVote, type Vote } from '#libs/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDecision } from './check-decision.js';
import { Coordinator, type VoteReceipt } from './coordinator.js';
import type { PreparedOperation } from './prepared-operation.js';
import * as world from './testing/signed-votes.js';

const ANYWHERE = { logId: world.LOG_ID, recover: world.recoverFake };

const newCoordinator = (): Coordinator => new Coordinator(world.LOG_ID, world.recoverFake);
const CHAIN_IDS = [84001, 84002, 84003];
const OUTSIDER = 84004;
const DEADLINE_MS_MAX = 20;

const OPERATIONS = [
  world.preparedOperation('a', CHAIN_IDS, 10),
  world.preparedOperation('b', CHAIN_IDS.slice(0, 2), 5),
  world.preparedOperation('c', CHAIN_IDS.slice(1), 15),
  world.preparedOperation('d', [84002], 10),
];

/** Kinds of votes on the wire; the first three count. */
const VOTES: Record<string, (operation: PreparedOperation, chainId: number) => SignedVote> = {
  yes: world.yesOf,
  no: (operation, chainId) => world.noOf(operation, chainId, Reason.stale_price),
  otherNo: (operation, chainId) => world.noOf(operation, chainId, Reason.insufficient_position),
  yesOfAnotherState: (operation, chainId) => changed(operation, chainId, { stateRoot: world.named('other state') }),
  forged: (operation, chainId) => world.signedBy(world.named('mallory').slice(12), world.voteFor(operation, chainId)),
  foreignLog: (operation, chainId) => changed(operation, chainId, { logId: world.named('other log') }),
  otherBlock: (operation, chainId) => changed(operation, chainId, { prepareBlockHash: world.named('other block') }),
  otherPrepare: (operation, chainId) => changed(operation, chainId, { prepareId: world.named('other prepare') }),
  otherOperation: (operation, chainId) => changed(operation, chainId, { operationId: world.named('other operation') }),
  expired: (operation, chainId) => changed(operation, chainId, { yes: false, reason: Reason.expired }),
  operator: (operation, chainId) => changed(operation, chainId, { yes: false, reason: Reason.operator_abort }),
};
const changed = (operation: PreparedOperation, chainId: number, changes: Partial<Vote>): SignedVote =>
  world.signed(world.voteFor(operation, chainId, changes));
const COUNTING = ['yes', 'no', 'otherNo', 'yesOfAnotherState'];

type Action =
  | { do: 'prepare'; operation: PreparedOperation }
  | { do: 'vote'; operation: PreparedOperation; chainId: number; kind: string }
  | { do: 'abort'; operation: PreparedOperation; auditId: bigint }
  /** A block with this timestamp; of its decisions those that find room become durable. */
  | { do: 'block'; timestampMs: number; room: number };

const operation = fc.constantFrom(...OPERATIONS);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('prepare' as const), operation }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('vote' as const),
      operation,
      chainId: fc.constantFrom(...CHAIN_IDS, OUTSIDER),
      kind: fc.constantFrom('yes', 'yes', 'yes', 'yes', ...Object.keys(VOTES)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), operation, auditId: fc.bigInt(1n, 9n) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('block' as const),
      timestampMs: fc.nat(DEADLINE_MS_MAX),
      room: fc.nat(OPERATIONS.length),
    }),
  },
);

interface ModelOperation {
  operation: PreparedOperation;
  votes: Map<number, { kind: string; signed: SignedVote }>;
}

/** The specification: plain lists, no index, no heap. */
class Model {
  readonly undecided = new Map<PreparedOperation, ModelOperation>();

  receipt(operation: PreparedOperation, chainId: number, kind: string): VoteReceipt['status'] {
    const known = this.undecided.get(operation);
    if (!known || kind === 'otherOperation') return 'unknown_operation';
    const first = known.votes.get(chainId);
    if (first?.kind === kind) return 'repeated';
    // The contents of a forged vote are those of a yes.
    if (first?.kind === 'yes' && kind === 'forged') return 'repeated';
    if (!COUNTING.includes(kind) || !operation.participants.some((one) => one.chainId === chainId)) return 'refused';
    return first ? 'conflicting' : 'counted';
  }

  decision({ operation, votes }: ModelOperation, timestampMs: number): Decision | null {
    const { operationId, prepareId, participants, deadlineMs } = operation;
    const ordered = participants.map(({ chainId }) => votes.get(chainId)?.signed).filter((vote) => vote !== undefined);
    const made = { operationId, prepareId, outcome: Outcome.abort, votes: ordered, auditId: 0n };
    if (timestampMs > deadlineMs) return { ...made, reason: Reason.expired };
    const no = ordered.find(({ vote }) => !vote.yes);
    if (no) return { ...made, reason: no.vote.reason };
    if (ordered.length < participants.length) return null;
    return { ...made, outcome: Outcome.commit, reason: Reason.none };
  }

  decisions(timestampMs: number): Decision[] {
    return [...this.undecided.values()]
      .map((known) => this.decision(known, timestampMs))
      .filter((decision) => decision !== null);
  }
}

const byId = (decisions: Decision[]): Decision[] =>
  decisions.toSorted((a, b) => (bytesToHex(a.operationId) < bytesToHex(b.operationId) ? -1 : 1));

function run(actions: Action[]): void {
  const coordinator = newCoordinator();
  const model = new Model();
  for (const step of actions) {
    switch (step.do) {
      case 'prepare':
        coordinator.prepared(step.operation);
        if (!model.undecided.has(step.operation)) {
          model.undecided.set(step.operation, { operation: step.operation, votes: new Map() });
        }
        break;
      case 'vote': {
        const signed = VOTES[step.kind]!(step.operation, step.chainId);
        const expected = model.receipt(step.operation, step.chainId, step.kind);
        expect(coordinator.receiveVote(signed).status).toBe(expected);
        if (expected === 'counted') {
          model.undecided.get(step.operation)?.votes.set(step.chainId, { kind: step.kind, signed });
        }
        break;
      }
      case 'abort': {
        const known = model.undecided.get(step.operation);
        const decision = coordinator.operatorAbort(step.operation.operationId, step.auditId);
        expect(decision && { ...decision, votes: [] }).toEqual(known ? operatorAbortOf(step) : null);
        if (decision) checkDecision(step.operation, decision, { ...ANYWHERE, timestampMs: 0 });
        break;
      }
      case 'block':
        appendBlock(coordinator, model, step);
    }
    expectSameView(coordinator, model);
  }
}

/** What one block decides: all that the rules allow and nothing else, each decision valid by I17. */
function appendBlock(coordinator: Coordinator, model: Model, block: { timestampMs: number; room: number }): void {
  const { timestampMs, room } = block;
  const decisions = coordinator.decisionsAt(timestampMs);
  expect(byId(decisions)).toEqual(byId(model.decisions(timestampMs)));
  expect(coordinator.decisionsAt(timestampMs)).toEqual(decisions);
  const expired = decisions.map(({ reason }) => reason === (Reason.expired as number));
  expect(expired).toEqual(expired.toSorted((a, b) => Number(b) - Number(a)));
  for (const decision of decisions) {
    const decided = OPERATIONS.find(({ operationId }) => operationId === decision.operationId)!;
    checkDecision(decided, decision, { ...ANYWHERE, timestampMs });
  }
  for (const { operationId } of decisions.slice(0, room)) {
    coordinator.decided(operationId);
    model.undecided.delete(OPERATIONS.find((one) => one.operationId === operationId)!);
  }
}

function expectSameView(coordinator: Coordinator, model: Model): void {
  const undecided = [...model.undecided.values()];
  expect(coordinator.size).toBe(undecided.length);
  expect(coordinator.nextDeadlineMs()).toBe(Math.min(...undecided.map((known) => known.operation.deadlineMs)));
  for (let timestampMs = 0; timestampMs <= DEADLINE_MS_MAX; timestampMs += 5) {
    expect(coordinator.canDecide(timestampMs)).toBe(model.decisions(timestampMs).length > 0);
  }
  for (const { operationId } of OPERATIONS) {
    expect(coordinator.has(operationId)).toBe(undecided.some((known) => known.operation.operationId === operationId));
  }
  for (const { operation: known, votes } of undecided) {
    const counted = coordinator.votesOf(known.operationId);
    expect(counted.map(({ vote }) => vote.chainId)).toEqual([...votes.keys()].toSorted((a, b) => a - b));
  }
}

describe('Coordinator', () => {
  it('counts, decides and forgets as the rules say, whatever arrives in whatever order', () => {
    fc.assert(fc.property(fc.array(action, { maxLength: 60, size: 'max' }), run), { numRuns: 400 });
  });

  it('commits at the deadline itself and aborts one millisecond later', () => {
    const coordinator = newCoordinator();
    const [first] = OPERATIONS as [PreparedOperation];
    coordinator.prepared(first);
    expect(coordinator.canDecide(10)).toBe(false);
    for (const chainId of CHAIN_IDS) coordinator.receiveVote(world.yesOf(first, chainId));
    expect(coordinator.decisionsAt(10)).toMatchObject([{ outcome: Outcome.commit, reason: Reason.none }]);
    expect(coordinator.decisionsAt(11)).toMatchObject([{ outcome: Outcome.abort, reason: Reason.expired }]);
    // A block that is rebuilt at another time is judged again.
    expect(coordinator.decisionsAt(10)).toMatchObject([{ outcome: Outcome.commit }]);
  });

  it('hands back both votes of a key that says yes and then no', () => {
    const coordinator = newCoordinator();
    const [first] = OPERATIONS as [PreparedOperation];
    coordinator.prepared(first);
    const yes = world.yesOf(first, 84001);
    coordinator.receiveVote(yes);
    const no = world.noOf(first, 84001);
    expect(coordinator.receiveVote(no)).toEqual({ status: 'conflicting', first: yes });
    expect(coordinator.votesOf(first.operationId)).toEqual([yes]);
    expect(coordinator.canDecide(1)).toBe(false);
  });

  it('says why it refused a vote', () => {
    const coordinator = newCoordinator();
    const [first] = OPERATIONS as [PreparedOperation];
    coordinator.prepared(first);
    expect(coordinator.receiveVote(VOTES.forged!(first, 84001))).toEqual({ status: 'refused', fault: 'wrong_key' });
    expect(coordinator.receiveVote(VOTES.expired!(first, 84001))).toEqual({ status: 'refused', fault: 'bad_reason' });
  });

  it('takes no abort that names no audit row: it could not be told from a commit', () => {
    const coordinator = newCoordinator();
    const [first] = OPERATIONS as [PreparedOperation];
    coordinator.prepared(first);
    for (const auditId of [0n, -1n, 2n ** 64n]) {
      expect(() => coordinator.operatorAbort(first.operationId, auditId)).toThrow(RangeError);
    }
    expect(coordinator.decisionsAt(1)).toEqual([]);
  });
});

/** What an operator's abort of this operation says, votes aside. */
function operatorAbortOf({ operation, auditId }: { operation: PreparedOperation; auditId: bigint }): Decision {
  const { operationId, prepareId } = operation;
  return { operationId, prepareId, outcome: Outcome.abort, reason: Reason.operator_abort, votes: [], auditId };
}
