// Shows what becomes of votes and state roots: counted by rollup, remembered, and told as incidents where they are wrong.
import { beforeEach, expect, test } from 'vitest';
import { bytesToHex } from '#libs/protocol';
import { ExecutorStatements } from './executor-statements.js';
import type { LogState } from './log-state.js';
import {
  A,
  B,
  LOG_ID,
  newState,
  preparedOperation,
  recover,
  replicaKey,
  signedRoot,
  START_MS,
  voteFor,
  word,
} from './testing/world.js';

const operation = preparedOperation(10, START_MS + 1_000);
const operationId = bytesToHex(operation.operationId);
let state: LogState;
let incidents: [kind: string, detail: Record<string, unknown>, group: string | undefined][];
let votes: object[];
let statements: ExecutorStatements;
beforeEach(() => {
  [state, incidents, votes] = [newState(), [], []];
  state.tip = { ...state.tip, number: 9 };
  statements = new ExecutorStatements({
    ...{ logId: LOG_ID, recover, isInLog: () => Promise.resolve(false) },
    state: () => state,
    incidents: { report: (kind, detail, group) => incidents.push([kind, detail, group]) },
    votes: { inc: (labels: object) => votes.push(labels) } as never,
    wallMs: () => 77,
  });
});

test('a vote that counts is remembered with its time of arrival; others are incidents', () => {
  statements.voteReceived(voteFor(operation, A), { status: 'counted' } as never);
  statements.voteReceived(voteFor(operation, B), { status: 'refused', fault: 'WRONG_KEY' } as never);
  statements.voteReceived(voteFor(operation, B), { status: 'conflicting' } as never);
  statements.voteReceived(voteFor(operation, 999), { status: 'refused', fault: 'UNKNOWN' } as never);
  expect(statements.arrivals.of(operation.operationId)).toEqual([{ chainId: A, atMs: 77 }]);
  expect(votes).toEqual([
    { chain_id: String(A), result: 'counted' },
    { chain_id: String(B), result: 'refused' },
    { chain_id: String(B), result: 'conflicting' },
    // Anybody can name a chain id: a label of each would be without bound.
    { chain_id: 'unknown', result: 'refused' },
  ]);
  expect(incidents).toEqual([
    ['refused_vote', { chainId: B, operationId, fault: 'WRONG_KEY' }, undefined],
    ['conflicting_votes', { chainId: B, operationId }, undefined],
    ['refused_vote', { chainId: 999, operationId, fault: 'UNKNOWN' }, undefined],
  ]);
});

test('differing roots of a height put a rollup in dispute, and the incident names both', () => {
  statements.rootReceived(signedRoot(5));
  expect([incidents, statements.disputed(state.registry)]).toEqual([[], []]);
  statements.rootReceived(signedRoot(5, { root: word(4) }, replicaKey(A)));
  expect(statements.disputed(state.registry)).toEqual([A]);
  expect(statements.disputedAmong([B])).toEqual([]);
  const [[kind, detail, group]] = incidents as [(typeof incidents)[0]];
  expect([kind, group]).toEqual(['differing_roots', `differing_roots ${A}`]);
  expect(detail).toMatchObject({ chainId: A, number: 5, isSameKey: false, logTimeMs: state.tip.timestampMs });
  expect((detail.roots as { root: string }[]).map(({ root }) => root)).toEqual([word(3), word(4)].map(bytesToHex));
});

test('a term begins with the disputes that are known, and offers roots until they are durable', async () => {
  await statements.begin([{ chainId: B, logTimeMs: state.tip.timestampMs }]);
  expect(statements.disputed(state.registry)).toEqual([B]);
  statements.rootReceived(signedRoot(5));
  await new Promise((resolve) => setImmediate(resolve));
  const waiting = statements.waitingRoots();
  expect(waiting).toHaveLength(1);
  statements.rootsPlaced([]);
  expect(statements.waitingRoots()).toHaveLength(1);
  statements.rootsPlaced(waiting);
  expect(statements.waitingRoots()).toEqual([]);
});
