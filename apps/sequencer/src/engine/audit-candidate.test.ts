// Shows that a command without an entry leaves its audit row in a block, and that draining follows the audit log alone.
import { beforeEach, expect, test } from 'vitest';
import { AuditCandidate, type CommandPlace } from './audit-candidate.js';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { SubmissionError } from './submission-error.js';
import { FakeCandidate } from './testing/fake-candidate.js';
import { build, settle } from './testing/build.js';
import { newState } from './testing/world.js';

const AUTHOR = { actor: 'registry key', detail: { commandRoot: '0x01', requestedBy: 'ada' } };
let state: LogState;
let queue: IntakeQueue;
beforeEach(() => {
  state = newState();
  queue = new IntakeQueue(10, () => undefined);
});

const give = (command: string): Promise<CommandPlace | string> =>
  new Promise((resolve) => {
    queue.push(new AuditCandidate(command, AUTHOR, { resolve, reject: ({ code }) => resolve(code) }));
  });

test('its row is written with a block that need not have an entry; it is told block and row, and no sequence', async () => {
  const answer = give('intake.drain');
  const block = build(state, queue);
  expect(block.sealed.header.entryCount).toBe(0);
  expect(block.extras.audits).toMatchObject([{ id: 1n, actor: 'registry key', command: 'intake.drain' }]);
  expect(JSON.parse(block.extras.audits![0]!.detail)).toEqual(AUTHOR.detail);
  settle(state, block);
  expect(await answer).toEqual({ block: 1, sequence: null, auditId: 1n });
});

test('an entry beside it keeps its own sequence', () => {
  const fake = new FakeCandidate();
  void give('intake.drain');
  queue.push(fake);
  settle(state, build(state, queue));
  expect(fake.told).toEqual([{ sequence: 1n, block: 1 }]);
});

test('the intake drains once the row is durable, not before, and until the next intake row', () => {
  void give('intake.drain');
  const block = build(state, queue);
  expect(state.isDraining).toBe(false);
  settle(state, block);
  expect(state.isDraining).toBe(true);
  expect(state.hasLogged('0x01')).toBe(true);
  void give('leader.transfer');
  settle(state, build(state, queue));
  expect(state.isDraining).toBe(true);
  void give('intake.resume');
  settle(state, build(state, queue));
  expect(state.isDraining).toBe(false);
});

test('a command of a block that was not written leaves nothing, and is told why', async () => {
  const answer = give('intake.drain');
  const { placed } = build(state, queue);
  queue.putBack(placed.map(({ candidate }) => candidate));
  queue.refuseAll(SubmissionError.cannotWrite());
  expect(await answer).toBe('CANNOT_WRITE');
  expect(state.isDraining).toBe(false);
});
