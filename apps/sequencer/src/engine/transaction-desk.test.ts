// Shows how raw transactions are admitted: which check comes first and in whose words, what joins, what waits, what each
// sender may have open, and that no refusal leaves a gap between nonces in the log.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bytesToHex, keccak256, type Registry, TRANSACTION_BYTES_MAX } from '#libs/protocol';
import type { RecoveryRecord } from '#libs/crypto';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { SubmissionError } from './submission-error.js';
import { build, settle } from './testing/build.js';
import { rawTransaction, recoverSenders } from './testing/raw-transaction.js';
import { SilentLogger } from './testing/silent-logger.js';
import { A, address, B, newState, pausedRegistry } from './testing/world.js';
import type { TransactionResult } from './transaction-candidate.js';
import { accountKey, TransactionDesk } from './transaction-desk.js';

const NONCE_GAP_MS = 5_000;
let state: LogState;
let registry: () => Registry;
let queue: IntakeQueue;
let desk: TransactionDesk;
let recover: (records: readonly RecoveryRecord[]) => Promise<(Uint8Array | null)[]>;
/** Next nonces by the log, and the hashes in it. */
let nextNonces: Map<string, bigint>;
let inLog: Set<string>;
let asked: number;
let log: SilentLogger;

function newDesk({ openPerSenderMax = 100, queueMax = 100 } = {}): TransactionDesk {
  queue = new IntakeQueue(queueMax, () => undefined);
  return new TransactionDesk(
    { nonceGapMs: NONCE_GAP_MS, openPerSenderMax },
    {
      queue,
      registry: () => registry(),
      isDraining: () => state.isDraining,
      recover: (records) => recover(records),
      nextNonces: (accounts) => {
        asked += accounts.length;
        return Promise.resolve(
          accounts.map(({ chainId, sender }) => nextNonces.get(accountKey(chainId, sender)) ?? 0n),
        );
      },
      isInLog: (id) => Promise.resolve(inLog.has(bytesToHex(id))),
      logger: log,
    },
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  state = newState();
  registry = () => state.registry;
  recover = (records) => Promise.resolve(recoverSenders(records));
  log = new SilentLogger();
  [nextNonces, inLog, asked] = [new Map<string, bigint>(), new Set(), 0];
  desk = newDesk();
});
afterEach(() => {
  desk.reset(SubmissionError.notLeading());
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** What came of it: a hash, or a code and its message. */
type Told = string | { code: string; message: string };
const told = (result: TransactionResult): Told => {
  if ('hash' in result) return bytesToHex(result.hash);
  return { code: result.error.code, message: result.error.message };
};
const submitAll = async (raws: readonly Uint8Array[], chainId: number = A): Promise<Told[]> =>
  (await desk.submit(chainId, raws)).map(told);
const submit = async (raw: Uint8Array, chainId: number = A): Promise<Told> => (await submitAll([raw], chainId))[0]!;
const hashOf = (raw: Uint8Array): string => bytesToHex(keccak256(raw));
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

/** Cuts a block and makes it durable; returns the nonces in it. */
async function block(): Promise<bigint[]> {
  await settled();
  const built = build(state, queue);
  for (const { lane, sender, nonce, id } of built.sealed.entries) {
    nextNonces.set(accountKey(lane, sender!), nonce! + 1n);
    inLog.add(bytesToHex(id));
  }
  settle(state, built);
  await settled();
  return built.sealed.entries.map(({ nonce }) => nonce!);
}

test('a transaction is answered with its hash once it is durable, not before', async () => {
  const raw = rawTransaction({ nonce: 0 });
  let answer: Told | null = null;
  void submit(raw).then((given) => (answer = given));
  await settled();
  expect([answer, desk.openCount]).toEqual([null, 1]);
  await block();
  expect([answer, desk.openCount]).toEqual([hashOf(raw), 0]);
});

describe('the first that is wrong is told, in the words of geth', () => {
  const wrongChain = rawTransaction({ nonce: 2n ** 63n, sender: 0, chainId: B, gas: 1n });
  const refuse = (code: string, words: string): object => ({ code, message: expect.stringContaining(words) as string });

  test.each([
    ['an unknown rollup', Uint8Array.of(1), 999, 'UNKNOWN_ROLLUP', 'no rollup has chain id 999'],
    [
      'its size',
      new Uint8Array(TRANSACTION_BYTES_MAX + 1),
      A,
      'TRANSACTION_OVERSIZED',
      'oversized data: transaction size 131073',
    ],
    ['its encoding', Uint8Array.of(2, 0xc0, 1), A, 'TRANSACTION_RLP', 'rlp: '],
    ['its type', Uint8Array.of(3, 0xc0), A, 'TRANSACTION_TYPE_NOT', 'transaction type not supported'],
    ['the chain id', wrongChain, A, 'TRANSACTION_CHAIN_ID_OTHER', 'invalid chain id for signer: have 102 want 101'],
    [
      'gas',
      rawTransaction({ nonce: 2n ** 63n, sender: 0, gas: 20_999n }),
      A,
      'TRANSACTION_INTRINSIC_GAS',
      'intrinsic gas too low: gas 20999',
    ],
    ['the largest nonce', rawTransaction({ nonce: 2n ** 63n, sender: 0 }), A, 'NONCE_MAX', 'nonce has max value'],
    ['its sender', rawTransaction({ nonce: 9, sender: 0 }), A, 'INVALID_SENDER', 'invalid sender'],
  ])('%s', async (_, raw, chainId, code, words) => {
    const refused = await submit(raw, chainId);
    expect(refused).toMatchObject(refuse(code === 'TRANSACTION_TYPE_NOT' ? 'TRANSACTION_BLOB_TYPE' : code, words));
    expect([queue.size, desk.openCount, asked]).toEqual([0, 0, 0]);
  });

  test('a nonce that is used: too low, or already known where the very transaction is in the log', async () => {
    const raws = [rawTransaction({ nonce: 0 }), rawTransaction({ nonce: 0, value: 1n })];
    const first = submit(raws[0]!);
    await block();
    expect(await first).toBe(hashOf(raws[0]!));
    expect(await submitAll(raws)).toEqual([
      { code: 'ALREADY_KNOWN', message: 'already known' },
      { code: 'NONCE_TOO_LOW', message: 'nonce too low: next nonce 1, tx nonce 0' },
    ]);
  });

  test('a paused rollup takes nothing, whatever it is; what waits when the pause begins is refused', async () => {
    const waits = submitAll([rawTransaction({ nonce: 0 }), rawTransaction({ nonce: 1 })]);
    await settled();
    state.registry = pausedRegistry(true);
    expect(await submit(Uint8Array.of(1))).toMatchObject({ code: 'rollup_paused' });
    expect(await block()).toEqual([]);
    expect(await waits).toMatchObject([{ code: 'rollup_paused' }, { code: 'NONCE_GAP' }]);
    state.registry = pausedRegistry(false);
    const again = submit(rawTransaction({ nonce: 0 }));
    expect(await block()).toEqual([0n]);
    expect(await again).toMatch(/^0x/);
  });

  test('a drained intake takes nothing new on any rollup; what it took before goes on', async () => {
    const taken = submit(rawTransaction({ nonce: 0 }));
    await settled();
    state.isDraining = true;
    expect(await submit(rawTransaction({ nonce: 1 }))).toMatchObject({ code: 'INTAKE_DRAINED' });
    expect(await block()).toEqual([0n]);
    expect(await taken).toMatch(/^0x/);
    state.isDraining = false;
    const next = submit(rawTransaction({ nonce: 1 }));
    expect(await block()).toEqual([1n]);
    expect(await next).toMatch(/^0x/);
  });
});

test('the same bytes join the open call, within a call and across, and all are answered with one entry', async () => {
  const raw = rawTransaction({ nonce: 0 });
  const answers = [submitAll([raw, raw]), submitAll([raw])];
  await settled();
  answers.push(submitAll([raw]));
  expect(await block()).toEqual([0n]);
  expect((await Promise.all(answers)).flat()).toEqual(Array.from({ length: 4 }, () => hashOf(raw)));
});

test('refused bytes can be sent again at once', async () => {
  desk = newDesk({ queueMax: 0 });
  const raw = rawTransaction({ nonce: 0 });
  expect(await submit(raw)).toMatchObject({ code: 'BUSY' });
  expect(desk.openCount).toBe(0);
  desk = newDesk();
  const again = submit(raw);
  await block();
  expect(await again).toBe(hashOf(raw));
});

describe('a future nonce', () => {
  test('waits for those before it, and follows them in order into one block', async () => {
    const late = [2, 1, 3].map((nonce) => submit(rawTransaction({ nonce })));
    expect(await block()).toEqual([]);
    const first = submit(rawTransaction({ nonce: 0 }));
    expect(await block()).toEqual([0n, 1n, 2n, 3n]);
    for (const answer of [...late, first]) expect(await answer).toMatch(/^0x/);
    await vi.advanceTimersByTimeAsync(2 * NONCE_GAP_MS);
  });

  test('fails after its time with the nonce that is missing; its place is free again', async () => {
    nextNonces.set(accountKey(A, address(1)), 5n);
    const answer = submit(rawTransaction({ nonce: 7 }));
    await vi.advanceTimersByTimeAsync(NONCE_GAP_MS - 1);
    expect(desk.openCount).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await answer).toEqual({ code: 'NONCE_GAP', message: 'nonce gap: expected 5, tx nonce 7' });
    const others = [5, 6, 7].map((nonce) => submit(rawTransaction({ nonce, value: 1n })));
    expect(await block()).toEqual([5n, 6n, 7n]);
    for (const other of others) expect(await other).toMatch(/^0x/);
  });

  test('can be sent again while it waits, joins, and does not wait longer for it', async () => {
    const raw = rawTransaction({ nonce: 1 });
    const first = submit(raw);
    await vi.advanceTimersByTimeAsync(NONCE_GAP_MS - 100);
    const second = submit(raw);
    await vi.advanceTimersByTimeAsync(100);
    expect(await Promise.all([first, second])).toMatchObject([{ code: 'NONCE_GAP' }, { code: 'NONCE_GAP' }]);
  });

  test('that another transaction waits with is taken', async () => {
    const first = rawTransaction({ nonce: 1 });
    const waits = submit(first);
    const refused = await submit(rawTransaction({ nonce: 1, value: 1n }));
    expect(refused).toEqual({
      code: 'NONCE_TAKEN',
      message: `replacement transaction underpriced: nonce 1 waits already, as ${hashOf(first)}`,
    });
    void submit(rawTransaction({ nonce: 0 }));
    expect(await block()).toEqual([0n, 1n]);
    expect(await waits).toBe(hashOf(first));
  });

  test('is not waited for after the term: it is refused at once', async () => {
    const answer = submit(rawTransaction({ nonce: 1 }));
    await settled();
    desk.reset(SubmissionError.notLeading());
    expect(await answer).toMatchObject({ code: 'NOT_LEADING' });
  });

  test('beyond 1,024 of one sender is refused', async () => {
    desk = newDesk({ openPerSenderMax: 2_000 });
    const raws = Array.from({ length: 1_025 }, (_, index) => rawTransaction({ nonce: index + 1 }));
    const answers = submitAll(raws);
    await vi.advanceTimersByTimeAsync(NONCE_GAP_MS);
    const codes = (await answers).map((one) => (one as { code: string }).code);
    expect(new Set(codes.slice(0, -1))).toEqual(new Set(['NONCE_GAP']));
    expect(codes.at(-1)).toBe('BUSY');
  });
});

test('a full queue refuses with BUSY, and the nonce is not used up', async () => {
  desk = newDesk({ queueMax: 1 });
  const [first, second] = [submit(rawTransaction({ nonce: 0 })), submit(rawTransaction({ nonce: 1 }))];
  await settled();
  expect(await second).toMatchObject({ code: 'BUSY', message: expect.stringContaining('limit exceeded') as string });
  expect(await block()).toEqual([0n]);
  expect(await first).toMatch(/^0x/);
  void submit(rawTransaction({ nonce: 1 }));
  expect(await block()).toEqual([1n]);
});

describe("a sender's budget", () => {
  test('bounds what it has open, parked ones included, on each rollup by itself', async () => {
    desk = newDesk({ openPerSenderMax: 2 });
    const answers = submitAll([0, 5, 1].map((nonce) => rawTransaction({ nonce })));
    const other = submitAll([rawTransaction({ nonce: 0, sender: 2 })]);
    const elsewhere = submitAll([rawTransaction({ nonce: 0, chainId: B })], B);
    expect(await block()).toEqual([0n, 0n, 0n]);
    await vi.advanceTimersByTimeAsync(NONCE_GAP_MS);
    expect(await answers).toMatchObject([
      expect.stringMatching(/^0x/),
      { code: 'NONCE_GAP' },
      { code: 'BUSY', message: expect.stringContaining('this sender has 2 transactions open') as string },
    ]);
    for (const one of [...(await other), ...(await elsewhere)]) expect(one).toMatch(/^0x/);
  });

  test('is charged to nobody but who signed (I33): forged, foreign and undecodable ones cost nothing', async () => {
    desk = newDesk({ openPerSenderMax: 1 });
    const held: (() => void)[] = [];
    recover = async (records) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return recoverSenders(records);
    };
    // While their recovery is under way nothing is charged to anyone.
    const pending = [rawTransaction({ nonce: 9, sender: 0 }), rawTransaction({ nonce: 0, value: 2n })].map((raw) =>
      submit(raw),
    );
    expect(await submit(rawTransaction({ nonce: 0, chainId: B }))).toMatchObject({
      code: 'TRANSACTION_CHAIN_ID_OTHER',
    });
    recover = (records) => Promise.resolve(recoverSenders(records));
    const honest = submit(rawTransaction({ nonce: 0 }));
    expect(await block()).toEqual([0n]);
    expect(await honest).toMatch(/^0x/);
    for (const release of held) release();
    expect(await Promise.all(pending)).toMatchObject([{ code: 'INVALID_SENDER' }, { code: 'NONCE_TOO_LOW' }]);
  });

  test('is given back by every end: durable, refused, given up', async () => {
    desk = newDesk({ openPerSenderMax: 1 });
    void submit(rawTransaction({ nonce: 0 }));
    expect(await block()).toEqual([0n]);
    expect(await submit(rawTransaction({ nonce: 0 }))).toMatchObject({ code: 'ALREADY_KNOWN' });
    const gap = submit(rawTransaction({ nonce: 5 }));
    await vi.advanceTimersByTimeAsync(NONCE_GAP_MS);
    expect(await gap).toMatchObject({ code: 'NONCE_GAP' });
    const refused = submit(rawTransaction({ nonce: 1 }));
    await settled();
    queue.refuseAll(SubmissionError.cannotWrite());
    expect(await refused).toMatchObject({ code: 'CANNOT_WRITE' });
    const last = submit(rawTransaction({ nonce: 1 }));
    expect(await block()).toEqual([1n]);
    expect(await last).toMatch(/^0x/);
  });
});

describe('the next nonce', () => {
  test('counts what is on its way, and comes from the log where nothing is', async () => {
    nextNonces.set(accountKey(A, address(1)), 3n);
    expect(await desk.nextNonce(A, address(1))).toBe(3n);
    void submitAll([rawTransaction({ nonce: 3 }), rawTransaction({ nonce: 4 })]);
    await settled();
    expect([await desk.nextNonce(A, address(1)), await desk.nextNonce(B, address(1))]).toEqual([5n, 0n]);
    queue.refuseAll(SubmissionError.cannotWrite());
    expect(await desk.nextNonce(A, address(1))).toBe(3n);
  });

  test('is asked of the log once for all of one call', async () => {
    void submitAll([0, 1, 2].map((nonce) => rawTransaction({ nonce })));
    await settled();
    expect(asked).toBe(1);
  });
});

describe('recovery', () => {
  test('that fails refuses the whole call, and its bytes can be sent again', async () => {
    recover = () => Promise.reject(SubmissionError.busy('too many signatures'));
    const raw = rawTransaction({ nonce: 0 });
    expect(await submitAll([raw, rawTransaction({ nonce: 1 })])).toMatchObject([{ code: 'BUSY' }, { code: 'BUSY' }]);
    expect(desk.openCount).toBe(0);
  });

  test('that ends after the term does not let anything wait for the next one, nor old nonces be remembered', async () => {
    let release = (): void => undefined;
    recover = async (records) => {
      await new Promise<void>((resolve) => (release = resolve));
      return recoverSenders(records);
    };
    const answer = submit(rawTransaction({ nonce: 0 }));
    await settled();
    desk.reset(SubmissionError.notLeading());
    release();
    expect(await answer).toMatchObject({ code: 'NOT_LEADING' });
    expect(queue.size).toBe(0);
    nextNonces.set(accountKey(A, address(1)), 7n); // another leader went on
    expect(await desk.nextNonce(A, address(1))).toBe(7n);
  });
});
