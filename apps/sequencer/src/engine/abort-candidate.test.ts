// Shows that an operator's abort decides an undecided operation once, and names an audit row of the same block.
import { beforeEach, expect, test } from 'vitest';
import { bytesToHex, Decision, EntryKind, Outcome, Reason } from '#libs/protocol';
import { AbortCandidate } from './abort-candidate.js';
import type { CommandPlace } from './audit-candidate.js';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { bodiesOf, build, settle } from './testing/build.js';
import { A, B, newState, preparedOperation, START_MS, voteFor, word } from './testing/world.js';

const DEADLINE_MS = START_MS + 1_000;
const operation = preparedOperation(10, DEADLINE_MS);
let state: LogState;
let queue: IntakeQueue;
beforeEach(() => {
  state = newState();
  state.coordinator.prepared(operation);
  queue = new IntakeQueue(10, () => undefined);
});

const abort = (operationId: Uint8Array): Promise<CommandPlace | string> =>
  new Promise((resolve) => {
    const settled = { resolve, reject: ({ code }: { code: string }) => resolve(code) };
    queue.push(
      new AbortCandidate(
        operationId,
        { actor: 'somebody', detail: { requestedBy: 'ada' } },
        state.coordinator,
        settled,
      ),
    );
  });
const decisionsOf = (block: ReturnType<typeof build>): Decision[] =>
  bodiesOf(block, EntryKind.DECISION).map((body) => Decision.deserialize(body));

test('the decision stands in one block with its audit row (I34), which it names (I17)', async () => {
  state.coordinator.receiveVote(voteFor(operation, A));
  const answer = abort(operation.operationId);
  const block = build(state, queue);
  const [decision] = decisionsOf(block);
  expect(decision).toMatchObject({ outcome: Outcome.abort, reason: Reason.operator_abort, auditId: 1n });
  expect(decision!.votes.map(({ vote }) => vote.chainId)).toEqual([A]);
  expect(block.extras.audits).toMatchObject([
    { id: 1n, actor: 'somebody', command: 'operation.abort', atMs: START_MS },
  ]);
  expect(JSON.parse(block.extras.audits![0]!.detail)).toEqual({
    operationId: bytesToHex(operation.operationId),
    requestedBy: 'ada',
  });
  expect(block.extras.decisions).toMatchObject([{ sequence: 1n, blockNumber: 1, reason: Reason.operator_abort }]);
  settle(state, block);
  expect(await answer).toEqual({ block: 1, sequence: 1n, auditId: 1n });
  expect(state.coordinator.size).toBe(0);
});

test.each([
  ['that was never prepared', word(77)],
  ['whose id has a wrong length', new Uint8Array(3)],
])('an operation %s is refused, without an audit row', async (_, id) => {
  const answer = abort(id);
  expect(build(state, queue).extras).toMatchObject({ audits: [], decisions: [] });
  expect(await answer).toBe('OPERATION_NOT_UNDECIDED');
});

test('one that is decided since is refused', async () => {
  const answer = abort(operation.operationId);
  state.coordinator.decided(operation.operationId);
  build(state, queue);
  expect(await answer).toBe('OPERATION_NOT_UNDECIDED');
});

test('of two aborts of one operation in one draft the first counts (I16)', async () => {
  const [first, second] = [abort(operation.operationId), abort(operation.operationId)];
  const block = build(state, queue);
  settle(state, block);
  expect(await Promise.all([first, second])).toEqual([
    { block: 1, sequence: 1n, auditId: 1n },
    'OPERATION_NOT_UNDECIDED',
  ]);
  expect(decisionsOf(block)).toHaveLength(1);
  expect(block.extras.audits).toHaveLength(1);
});

test('what expires in the same draft is decided by that', async () => {
  const answer = abort(operation.operationId);
  const block = build(state, queue, { timestampMs: DEADLINE_MS + 1 });
  expect(decisionsOf(block)).toMatchObject([{ reason: Reason.expired, auditId: 0n }]);
  expect(block.extras.audits).toEqual([]);
  expect(await answer).toBe('OPERATION_NOT_UNDECIDED');
});

test('what all have agreed to is committed, and the abort comes too late', async () => {
  for (const chainId of [A, B]) state.coordinator.receiveVote(voteFor(operation, chainId));
  const answer = abort(operation.operationId);
  expect(decisionsOf(build(state, queue, { timestampMs: DEADLINE_MS }))).toMatchObject([{ outcome: Outcome.commit }]);
  expect(await answer).toBe('OPERATION_NOT_UNDECIDED');
});

test('a block that is dropped decides nothing: the next one has the abort again, with the same audit number', async () => {
  const answer = abort(operation.operationId);
  const dropped = build(state, queue);
  queue.putBack(dropped.placed.map(({ candidate }) => candidate));
  const block = build(state, queue, { timestampMs: START_MS + 7 });
  expect(decisionsOf(block)).toMatchObject([{ reason: Reason.operator_abort, auditId: 1n }]);
  expect(block.extras.audits).toMatchObject([{ id: 1n, atMs: START_MS + 7 }]);
  settle(state, block);
  expect(await answer).toEqual({ block: 1, sequence: 1n, auditId: 1n });
});
