// Shows what a block takes and in which order: decisions, then what waits, then state roots; as far as there is room.
import { beforeEach, expect, test } from 'vitest';
import type { NewEntry } from '#libs/ordering';
import {
  Decision,
  encodeEntry,
  EntryKind,
  entryId,
  equalBytes,
  Outcome,
  Reason,
  SHARED_LANE,
  SignedRestore,
  SLICE_BYTES_MAX,
} from '#libs/protocol';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { SubmissionError } from './submission-error.js';
import { bodiesOf, build, kindsOf, settle } from './testing/build.js';
import { FakeCandidate } from './testing/fake-candidate.js';
import { SilentLogger } from './testing/silent-logger.js';
import { A, B, newState, preparedOperation, SEQUENCER_KEY, signedRoot, START_MS, voteFor } from './testing/world.js';

let state: LogState;
let queue: IntakeQueue;
beforeEach(() => {
  state = newState();
  queue = new IntakeQueue(1_000, () => undefined);
});

const offer = (...candidates: FakeCandidate[]): FakeCandidate[] => {
  for (const candidate of candidates) queue.push(candidate);
  return candidates;
};
const root = (number: number, chainId = A): NewEntry => {
  const bytes = encodeEntry(EntryKind.STATE_ROOT, signedRoot(number, { chainId }));
  return { kind: EntryKind.STATE_ROOT, lane: chainId, id: entryId(bytes), sender: null, nonce: null, bytes };
};

test('decisions come first, then what waits, then state roots, with sequences without a gap (I1)', () => {
  const operation = preparedOperation(10, START_MS + 1_000);
  state.coordinator.prepared(operation);
  for (const chainId of [A, B]) state.coordinator.receiveVote(voteFor(operation, chainId));
  offer(new FakeCandidate(), new FakeCandidate({ lane: B }));
  const block = build(state, queue, { roots: [root(1)] });
  expect(kindsOf(block)).toEqual(['DECISION', 'TRANSACTION', 'TRANSACTION', 'STATE_ROOT']);
  expect(block.sealed.entries.map(({ sequence, lane, laneSequence }) => [sequence, lane, laneSequence])).toEqual([
    [1n, SHARED_LANE, 1n],
    [2n, A, 1n],
    [3n, B, 1n],
    [4n, A, 2n],
  ]);
  expect(block.extras.decisions).toMatchObject([{ outcome: Outcome.commit, sequence: 1n, timestampMs: START_MS }]);
});

test('the header goes on from the tip and names epoch, leader and timestamp', () => {
  settle(state, build(state, queue));
  const { header } = build(state, queue, { timestampMs: START_MS + 3 }).sealed;
  expect(header).toMatchObject({ number: 2, epoch: 1, timestamp: START_MS + 3, entryCount: 0 });
  expect(equalBytes(header.leader, SEQUENCER_KEY)).toBe(true);
  expect(equalBytes(header.parentHash, state.tip.hash)).toBe(true);
});

test('expired operations are aborted, also those that all agreed to (I17); those in time are not', () => {
  const late = preparedOperation(10, START_MS + 5);
  const agreed = preparedOperation(20, START_MS + 4);
  const inTime = preparedOperation(30, START_MS + 6);
  for (const operation of [late, agreed, inTime]) state.coordinator.prepared(operation);
  for (const chainId of [A, B]) state.coordinator.receiveVote(voteFor(agreed, chainId));
  const block = build(state, queue, { timestampMs: START_MS + 6 });
  const decisions = bodiesOf(block, EntryKind.DECISION).map((body) => Decision.deserialize(body));
  expect(decisions.map(({ operationId, reason }) => [operationId[0], reason])).toEqual([
    [20, Reason.expired],
    [10, Reason.expired],
  ]);
});

test('one that finds no room stays first in the queue, with all behind it, and is not judged', () => {
  const large = () => new FakeCandidate({ bytes: 100_000 });
  const fitting = Array.from({ length: 9 }, large);
  const [tooMuch, small] = offer(...fitting, large(), new FakeCandidate()).slice(-2);
  const first = build(state, queue);
  expect(first.placed.map(({ candidate }) => candidate)).toEqual(fitting);
  expect(first.sealed.entries.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(SLICE_BYTES_MAX);
  expect([tooMuch!.placedTimes, small!.placedTimes, queue.size]).toEqual([0, 0, 2]);
  settle(state, first);
  expect(build(state, queue).placed.map(({ candidate }) => candidate)).toEqual([tooMuch, small]);
});

test('decisions that find no room wait for the next block, and are not taken for decided', () => {
  const count = 900; // each with a vote of more than a kilobyte
  const clock = Array.from({ length: 64 }, (_, chainId) => ({ chainId, laneSequence: 1n }));
  for (let n = 0; n < count; n++) {
    const operation = { ...preparedOperation(1, START_MS), operationId: new Uint8Array(32) };
    new DataView(operation.operationId.buffer).setUint32(0, n);
    state.coordinator.prepared(operation);
    state.coordinator.receiveVote(voteFor(operation, A, { clock }));
  }
  const late = { timestampMs: START_MS + 1 };
  const first = build(state, queue, late);
  const placed = first.extras.decisions.length;
  expect(placed).toBeGreaterThan(500);
  expect(placed).toBeLessThan(count);
  settle(state, first);
  expect(state.coordinator.size).toBe(count - placed);
  expect(build(state, queue, late).extras.decisions).toHaveLength(count - placed);
});

test('a block takes so many candidates and no more', () => {
  const candidates = offer(new FakeCandidate(), new FakeCandidate(), new FakeCandidate());
  expect(build(state, queue, { candidatesMax: 2 }).placed.map(({ candidate }) => candidate)).toEqual(
    candidates.slice(0, 2),
  );
  expect(queue.size).toBe(1);
});

test('a refused candidate is told once, takes no sequence, and the others are placed', () => {
  const [first, refused, broken, last] = offer(...Array.from({ length: 4 }, () => new FakeCandidate()));
  refused!.refusal = SubmissionError.of('NO', 'no');
  broken!.refusal = new TypeError('a secret of the program');
  const log = new SilentLogger();
  const block = build(state, queue, { log });
  expect(refused!.told).toEqual([{ code: 'NO' }]);
  expect(broken!.told).toEqual([{ code: 'INTERNAL' }]);
  // What nobody expects is in our log, once, and what is merely refused is not.
  expect(log.said).toEqual(['a submission failed unexpectedly']);
  expect(block.placed).toEqual([
    { candidate: first, sequence: 1n },
    { candidate: last, sequence: 2n },
  ]);
  expect([first!.told, last!.told]).toEqual([[], []]);
  settle(state, block);
  expect(last!.told).toEqual([{ sequence: 2n, block: 1 }]);
  expect([refused!.told.length, queue.size]).toEqual([1, 0]);
});

test('a state root that finds no room is left out and waits; the block is not bound by it', () => {
  offer(new FakeCandidate({ bytes: SLICE_BYTES_MAX - 2048 - 36 }));
  const roots = [root(1), root(1, B)];
  const block = build(state, queue, { roots });
  expect(block.roots).toEqual([roots[1]]);
  expect(kindsOf(block)).toEqual(['TRANSACTION', 'STATE_ROOT']);
});

test('a declared restore stands before all else with its audit row, in one block alone (I11, I34)', () => {
  const operation = preparedOperation(10, START_MS + 1_000);
  state.coordinator.prepared(operation);
  for (const chainId of [A, B]) state.coordinator.receiveVote(voteFor(operation, chainId));
  const restore = { lastBlock: state.tip.number, lastHash: state.tip.hash, epochAbove: 4 };
  state.pendingRestore = SignedRestore.serialize({ restore, signature: new Uint8Array(65) });
  const block = build(state, queue);
  expect(kindsOf(block)).toEqual(['RESTORE', 'DECISION']);
  expect(block.extras.audits).toMatchObject([{ id: 1n, command: 'restore' }]);
  settle(state, block);
  expect(kindsOf(build(state, queue))).toEqual([]);
});
