// Shows that an operator's orders are answered once they are durable, each with its audit row, and that leadership is
// handed over by the term that was asked alone.
import { beforeEach, expect, test } from 'vitest';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { OperatorCommands } from './operator-commands.js';
import { SubmissionError } from './submission-error.js';
import { build, settle } from './testing/build.js';
import { A, newState, preparedOperation, START_MS, voteFor } from './testing/world.js';

const author = { actor: 'key', detail: { requestedBy: 'ada' } };
let state: LogState;
let queue: IntakeQueue;
let epoch: number | null;
let transfers: number;
let operator: OperatorCommands;
beforeEach(() => {
  [state, queue, epoch, transfers] = [newState(), new IntakeQueue(10, () => undefined), 3, 0];
  operator = new OperatorCommands({
    queue,
    leading: () => {
      if (epoch === null) throw SubmissionError.notLeading();
      return { epoch, state };
    },
    epoch: () => epoch,
    transfer: () => (transfers += 1),
  });
});

function writeBlock(): string[] {
  const block = build(state, queue);
  settle(state, block);
  return block.extras.audits!.map(({ command }) => command);
}

test('draining holds from the block of its audit row on, until it is resumed', async () => {
  for (const isDraining of [true, false]) {
    const answer = operator.setDraining(isDraining, author);
    expect(state.isDraining).toBe(!isDraining);
    expect(writeBlock()).toEqual([isDraining ? 'intake.drain' : 'intake.resume']);
    expect(state.isDraining).toBe(isDraining);
    expect(await answer).toMatchObject({ sequence: null, auditId: isDraining ? 1n : 2n });
  }
});

test('an abort is answered with its decision', async () => {
  const operation = preparedOperation(10, START_MS + 1_000);
  state.coordinator.prepared(operation);
  state.coordinator.receiveVote(voteFor(operation, A));
  const answer = operator.abortOperation(operation.operationId, author);
  expect(writeBlock()).toEqual(['operation.abort']);
  expect(await answer).toEqual({ block: 1, sequence: 1n, auditId: 1n });
});

test.each([
  ['leads on', 3, 1],
  ['has lost its epoch meanwhile', null, 0],
  ['leads a later epoch already', 4, 0],
])('leadership is handed over once that is durable, by a node that %s', async (_, then, times) => {
  const answer = operator.transferLeadership(author);
  expect(transfers).toBe(0);
  expect(writeBlock()).toEqual(['leader.transfer']);
  epoch = then;
  expect(await answer).toMatchObject({ endedEpoch: 3, auditId: 1n });
  expect(transfers).toBe(times);
});

test('a stand-by takes no orders', async () => {
  epoch = null;
  const notLeading = expect.objectContaining({ code: 'NOT_LEADING' }) as Error;
  expect(() => operator.setDraining(true, author)).toThrow(notLeading);
  expect(() => operator.abortOperation(new Uint8Array(32), author)).toThrow(notLeading);
  await expect(operator.transferLeadership(author)).rejects.toThrow(notLeading);
  expect(queue.size).toBe(0);
});
