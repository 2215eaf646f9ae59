// Shows when a leader cuts a block, and what it makes of each way a write can end: nobody is answered before the outcome
// is known, what was not written is judged again for a new timestamp, and what it cannot know ends its term.
import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest';
import { LogClock, type NewEntry } from '#libs/ordering';
import {
  bytesToHex,
  commitmentDigest,
  Decision,
  encodeEntry,
  entryBody,
  EntryKind,
  entryId,
  equalBytes,
  Outcome,
  Reason,
} from '#libs/protocol';
import { AbortCandidate } from './abort-candidate.js';
import { BlockLoop, type BlockLoopModules, type LoopEnd } from './block-loop.js';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { FakeCandidate } from './testing/fake-candidate.js';
import { FakeWriter } from './testing/fake-writer.js';
import { SilentLogger } from './testing/silent-logger.js';
import {
  A,
  B,
  LOG_ID,
  newState,
  preparedOperation,
  SEQUENCER_KEY,
  sign,
  signedRoot,
  START_MS,
  voteFor,
} from './testing/world.js';

const STEP_DOWN_MS = 6_000;
let state: LogState;
let queue: IntakeQueue;
let writer: FakeWriter;
let loop: BlockLoop;
let roots: NewEntry[];
let onDurable: Mock<BlockLoopModules['onDurable']>;
let writes: boolean[];
let end: LoopEnd | Error | null;
/** Log time runs with the fake clock; this is wall time minus it. */
let wallAheadMs: number;

beforeEach(() => {
  // A faked setImmediate would take a millisecond.
  vi.useFakeTimers({ now: START_MS, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  [state, writer, roots, onDurable, writes, end, wallAheadMs] = [
    newState(),
    new FakeWriter(),
    [],
    vi.fn(),
    [],
    null,
    0,
  ];
  queue = new IntakeQueue(100, () => loop.wake());
  loop = new BlockLoop(
    { epoch: 1, candidatesMax: 50, stepDownMs: STEP_DOWN_MS },
    {
      state,
      queue,
      writer: writer.port,
      clock: new LogClock(START_MS, performance.now()),
      signer: { address: SEQUENCER_KEY, sign: (digest) => sign(SEQUENCER_KEY, digest) },
      logger: new SilentLogger().port,
      roots: () => roots,
      onDurable,
      onWrite: (ok) => writes.push(ok),
      monotonicMs: () => performance.now(),
      wallMs: () => Date.now() + wallAheadMs,
    },
  );
});
afterEach(async () => {
  loop.stop();
  writer.release('written');
  await after(2_000);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
/** Runs the loop; its first block is the heartbeat that shows it leads. */
async function start(): Promise<void> {
  void loop.run().then(
    (how) => (end = how),
    (thrown: Error) => (end = thrown),
  );
  await after(0);
}
const offer = (count = 1): FakeCandidate[] => {
  const candidates = Array.from({ length: count }, () => new FakeCandidate());
  for (const candidate of candidates) queue.push(candidate);
  return candidates;
};
const decisionsOf = (block: FakeWriter['appends'][number]): Decision[] =>
  block.entries
    .filter(({ kind }) => kind === EntryKind.DECISION)
    .map(({ bytes }) => Decision.deserialize(entryBody(bytes)));
const numbers = (): number[] => writer.appends.map(({ header }) => header.number);
const times = (): number[] => writer.appends.map(({ header }) => header.timestamp - START_MS);

describe('a block is cut', () => {
  test('at once when a term begins, then once a second while there is nothing to append', async () => {
    await start();
    expect(times()).toEqual([0]);
    await after(999);
    expect(times()).toEqual([0]);
    await after(2_001);
    expect(times()).toEqual([0, 1_000, 2_000, 3_000]);
    expect(numbers()).toEqual([1, 2, 3, 4]);
  });

  test('as soon as something waits; the heartbeat counts from it', async () => {
    await start();
    await after(300);
    const [candidate] = offer();
    await after(999);
    expect(times()).toEqual([0, 300]);
    expect(candidate!.told).toEqual([{ sequence: 1n, block: 2 }]);
    await after(1);
    expect(times()).toEqual([0, 300, 1_300]);
  });

  test('for all that came while the block before was written (group commit)', async () => {
    await start();
    writer.script.push('hang');
    offer();
    await after(0);
    const more = offer(3);
    await after(50);
    expect(numbers()).toEqual([1, 2]);
    writer.release('written');
    await after(0);
    expect(numbers()).toEqual([1, 2, 3]);
    expect(more.map(({ told }) => told)).toEqual([2n, 3n, 4n].map((sequence) => [{ sequence, block: 3 }]));
  });

  test('for all that comes within one turn', async () => {
    await start();
    offer(2);
    queueMicrotask(() => offer(2));
    await after(10);
    expect(writer.appends.map(({ entries }) => entries.length)).toEqual([0, 4]);
  });

  test('when all votes are in, without a wait', async () => {
    const operation = preparedOperation(10, START_MS + 5_000);
    state.coordinator.prepared(operation);
    await start();
    await after(100);
    for (const chainId of [A, B]) {
      state.coordinator.receiveVote(voteFor(operation, chainId));
      loop.wake();
    }
    await after(10);
    expect(times()).toEqual([0, 100]);
    expect(decisionsOf(writer.appends[1]!)).toMatchObject([{ outcome: Outcome.commit }]);
  });

  test('as soon as a deadline has passed, with ABORT(expired), and not before (I17, I26)', async () => {
    state.coordinator.prepared(preparedOperation(10, START_MS + 300));
    await start();
    await after(300);
    expect(times()).toEqual([0]);
    await after(1);
    expect(times()).toEqual([0, 301]);
    expect(decisionsOf(writer.appends[1]!)).toMatchObject([{ outcome: Outcome.abort, reason: Reason.expired }]);
    await after(900);
    expect(times()).toEqual([0, 301]);
  });

  test('for a deadline by log time, which runs 5 % slower where the wall clock is behind', async () => {
    wallAheadMs = -3_600_000;
    state.coordinator.prepared(preparedOperation(10, START_MS + 800));
    await start();
    await after(843);
    expect(times()).toEqual([0]);
    await after(1);
    expect(times()).toEqual([0, 801]);
  });

  test('never for candidates that are all refused, not even with a state root; the heartbeat comes when it is due', async () => {
    await start();
    const bytes = encodeEntry(EntryKind.STATE_ROOT, signedRoot(1));
    roots = [{ kind: EntryKind.STATE_ROOT, lane: A, id: entryId(bytes), sender: null, nonce: null, bytes }];
    await after(300);
    const refused = new FakeCandidate();
    refused.refusal = new TypeError('refused');
    queue.push(refused);
    await after(0);
    expect([refused.told, times()]).toEqual([[{ code: 'INTERNAL' }], [0]]);
    const other = new FakeCandidate();
    other.refusal = refused.refusal;
    queue.push(other);
    const [placed] = offer();
    await after(0);
    expect([times(), placed!.told.length]).toEqual([[0, 300], 1]);
    await after(1_000);
    expect(times()).toEqual([0, 300, 1_300]);
  });

  test('never for a state root, which goes along with the next one', async () => {
    await start();
    const bytes = encodeEntry(EntryKind.STATE_ROOT, signedRoot(1));
    roots = [{ kind: EntryKind.STATE_ROOT, lane: A, id: entryId(bytes), sender: null, nonce: null, bytes }];
    loop.wake();
    await after(999);
    expect(numbers()).toEqual([1]);
    await after(1);
    expect(writer.appends[1]!.entries).toHaveLength(1);
    expect(onDurable.mock.lastCall![2]).toEqual(roots);
  });
});

test('a durable block is signed, taken into the state and given out before its candidates are told', async () => {
  const order: string[] = [];
  onDurable.mockImplementation(() => order.push(`given out, state at ${state.tip.number}`));
  await start();
  const [candidate] = offer();
  candidate!.durable = () => order.push('told');
  await after(0);
  expect(order).toEqual(['given out, state at 1', 'given out, state at 2', 'told']);
  const { signature, hash } = writer.appends[1]!;
  expect(equalBytes(signature, sign(SEQUENCER_KEY, commitmentDigest(LOG_ID, 'header', hash)))).toBe(true);
  expect(equalBytes(writer.appends[1]!.header.parentHash, writer.appends[0]!.hash)).toBe(true);
});

describe('a write ends', () => {
  test('written by an earlier try: its candidates are told all the same', async () => {
    await start();
    writer.script.push('own');
    const [candidate] = offer();
    await after(0);
    expect(candidate!.told).toEqual([{ sequence: 1n, block: 2 }]);
    expect(end).toBeNull();
  });

  test.each(['conflict', 'UNIQUE_VIOLATION'] as const)(
    'with %s: leadership is lost, nobody was told anything',
    async (how) => {
      await start();
      writer.script.push('hang');
      const [inFlight] = offer();
      await after(0);
      const [waiting] = offer();
      writer.release(how);
      await after(0);
      expect(end).toBe('lost_leadership');
      expect([inFlight!.told, waiting!.told]).toEqual([[], []]);
      expect(queue.take(9)).toEqual([inFlight, waiting]); // for whoever ends the term to refuse
      expect([state.tip.number, onDurable.mock.calls.length]).toEqual([1, 1]);
    },
  );

  test('not written: it is built again with what came since and a new timestamp', async () => {
    await start();
    await after(100);
    writer.script.push('hang');
    const [first] = offer();
    await after(40);
    const [second] = offer();
    writer.release('WRITE_FAILED');
    await after(49);
    expect([numbers(), first!.told]).toEqual([[1, 2], []]);
    await after(1);
    expect(numbers()).toEqual([1, 2, 2]);
    expect(times()).toEqual([0, 100, 190]);
    expect(first!.told).toEqual([{ sequence: 1n, block: 2 }]);
    expect(second!.told).toEqual([{ sequence: 2n, block: 2 }]);
    expect(first!.placedTimes).toBe(2);
    expect(writes).toEqual([true, false, true]);
  });

  test('not written in time: what was a COMMIT is an ABORT(expired) in the block that is built again (I17)', async () => {
    const operation = preparedOperation(10, START_MS + 120);
    state.coordinator.prepared(operation);
    await start();
    await after(100);
    writer.script.push('WRITE_FAILED');
    for (const chainId of [A, B]) state.coordinator.receiveVote(voteFor(operation, chainId));
    loop.wake();
    await after(60);
    const [, first, second] = writer.appends.map((block) => decisionsOf(block));
    expect(first).toMatchObject([{ outcome: Outcome.commit }]);
    expect(second).toMatchObject([{ outcome: Outcome.abort, reason: Reason.expired }]);
    expect(state.coordinator.size).toBe(0);
  });

  test("not written in time: an operator's abort gives way to the expiry, and its audit row is gone", async () => {
    const operation = preparedOperation(10, START_MS + 20);
    state.coordinator.prepared(operation);
    await start();
    writer.script.push('WRITE_FAILED');
    const told = new Promise((resolve) => {
      const settled = { resolve, reject: (error: { code: string }) => resolve(error.code) };
      queue.push(new AbortCandidate(operation.operationId, { actor: 'x', detail: {} }, state.coordinator, settled));
    });
    await after(60);
    expect(await told).toBe('OPERATION_NOT_UNDECIDED');
    expect(writer.calls.map(({ extras }) => extras!.audits!.length)).toEqual([0, 1, 0]);
    expect(state.lastAudit).toBeUndefined();
  });

  test('unknown: nobody is told until it is found in the log; then they are, once', async () => {
    await start();
    writer.script.push('OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN', 'hang');
    const [candidate] = offer();
    await after(200);
    expect(writer.calls.map(({ call }) => call)).toEqual(['append', 'append', 'outcomeOf', 'outcomeOf']);
    expect(new Set(writer.calls.slice(1).map(({ block }) => bytesToHex(block.hash))).size).toBe(1);
    expect(candidate!.told).toEqual([]);
    writer.release('written');
    await after(0);
    expect(candidate!.told).toEqual([{ sequence: 1n, block: 2 }]);
    expect(numbers()).toEqual([1, 2]);
    expect(state.tip.number).toBe(2);
  });

  test('unknown, and then surely absent: it is built again', async () => {
    await start();
    writer.script.push('OUTCOME_UNKNOWN', 'absent');
    const [candidate] = offer();
    await after(50);
    expect(writer.calls.map(({ call }) => call)).toEqual(['append', 'append', 'outcomeOf', 'append']);
    expect(times()).toEqual([0, 0, 50]);
    expect(candidate!.told).toEqual([{ sequence: 1n, block: 2 }]);
  });

  test('with what no one expects: the loop ends by throwing it', async () => {
    await start();
    writer.script.push(new TypeError('a fault of ours'));
    const [candidate] = offer();
    await after(0);
    expect(end).toEqual(new TypeError('a fault of ours'));
    expect(candidate!.told).toEqual([]);
  });
});

describe('stop', () => {
  test('ends an idle loop at once', async () => {
    await start();
    loop.stop();
    await after(0);
    expect(end).toBe('stopped');
  });

  test('lets the write under way finish and its candidates be told; what came since is left', async () => {
    await start();
    writer.script.push('hang');
    const [inFlight] = offer();
    await after(0);
    const [waiting] = offer();
    loop.stop();
    await after(100);
    expect(end).toBeNull();
    writer.release('written');
    await after(0);
    expect(end).toBe('stopped');
    expect([inFlight!.told, waiting!.told, queue.size]).toEqual([[{ sequence: 1n, block: 2 }], [], 1]);
  });

  test('does not wait for a database that does not answer', async () => {
    await start();
    writer.script.push('OUTCOME_UNKNOWN', 'hang');
    offer();
    await after(60);
    loop.stop();
    writer.release('OUTCOME_UNKNOWN');
    await after(0);
    expect(end).toBe('cannot_write');
  });

  test('before the start appends nothing', async () => {
    loop.stop();
    await start();
    expect([end, numbers()]).toEqual(['stopped', []]);
  });
});

test('log time does not go back when the wall clock does (I7)', async () => {
  await start();
  await after(1_000);
  wallAheadMs = -3_600_000;
  await after(2_000);
  expect(times()).toEqual([0, 1_000, 1_950, 2_900]);
});
