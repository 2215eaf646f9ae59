// Shows which intents become PREPAREs: signed ones, each (signer, nonce) once for ever, within the rates, and only where
// every participant's executor is heard of. One that is refused before PREPARE uses no nonce.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  applyRegistryChange,
  bytesToHex,
  EntryKind,
  equalBytes,
  type Intent,
  Intent as IntentType,
  Prepare,
  RegistryAction,
  seriesId,
} from '#libs/protocol';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { type KnownOperation, OperationDesk, type OperationReceipt, type OperationStatus } from './operation-desk.js';
import { SubmissionError } from './submission-error.js';
import { bodiesOf, build, settle } from './testing/build.js';
import { SilentLogger } from './testing/silent-logger.js';
import {
  A,
  ALICE,
  B,
  BOB,
  closeIntent,
  EXPIRY_MS,
  LOG_ID,
  MALLORY,
  newState,
  operationIdOf,
  PREPARE_MS_MAX,
  PUT,
  recover,
  sign,
  signaturesOf,
  START_MS,
  word,
  writeIntent,
} from './testing/world.js';

let state: LogState;
let queue: IntakeQueue;
let desk: OperationDesk;
let silent: number[];
let disputed: number[];
let nowMs: number;
let isLeading: boolean;
/** Look-ups of the log that are not answered yet. */
let lookups: (() => void)[];
let holdLookups: boolean;
/** The operations in the log. */
let logged: { signer: Uint8Array; nonce: bigint; known: KnownOperation }[];

function newDesk(over: Partial<ConstructorParameters<typeof OperationDesk>[0]> = {}): OperationDesk {
  return new OperationDesk(
    { prepareMsMax: PREPARE_MS_MAX, undecidedMax: 100, signerPerSecond: 100, seriesPerSecond: 100, ...over },
    {
      logId: LOG_ID,
      queue,
      recover,
      registry: () => {
        if (!isLeading) throw SubmissionError.notLeading();
        return state.registry;
      },
      isDraining: () => state.isDraining,
      findBySignerNonce: async (signer, nonce) => {
        const find = () => logged.find((one) => equalBytes(one.signer, signer) && one.nonce === nonce)?.known ?? null;
        const found = find();
        if (holdLookups) await new Promise<void>((resolve) => lookups.push(resolve));
        return found;
      },
      disputedAmong: (participants) => participants.filter((chainId) => disputed.includes(chainId)),
      silentAmong: (participants) => participants.filter((chainId) => silent.includes(chainId)),
      monotonicMs: () => nowMs,
      logger: new SilentLogger(),
    },
  );
}

beforeEach(() => {
  state = newState();
  queue = new IntakeQueue(10, () => undefined);
  [silent, disputed, lookups, logged] = [[], [], [], []];
  [holdLookups, isLeading, nowMs] = [false, true, 0];
  desk = newDesk();
});

type Answer = OperationReceipt | SubmissionError;
const submit = (intent: Intent, signatures = signaturesOf(intent)): Promise<Answer> =>
  desk.submit(intent, signatures).catch((error: SubmissionError) => error);
/** Lets what was submitted get as far as it can without a block. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Cuts a block and makes it durable, its operations found by look-ups from then on. */
async function block(timestampMs = state.tip.timestampMs): Promise<Prepare[]> {
  await turn();
  const built = build(state, queue, { timestampMs });
  for (const { operationId, kind, signer, nonce, intentBody } of built.extras.operations) {
    logged.push({ signer, nonce, known: { operationId, kind, intentBody, status: 'prepared' } });
  }
  settle(state, built);
  return bodiesOf(built, EntryKind.PREPARE).map((body) => Prepare.deserialize(body) as Prepare);
}

const known = (intent: Intent, status: OperationStatus): void => {
  const intentBody = IntentType.serialize(intent);
  const operation = { operationId: operationIdOf(intent), kind: intent.selector, intentBody, status };
  logged.push({ signer: ALICE, nonce: intent.value.nonce, known: operation });
};

test('an intent resolves to its digest once PREPARE is durable, planned for the block it stands in', async () => {
  const intent = writeIntent(1n);
  let answer: Answer | null = null;
  const submitted = submit(intent).then((given) => (answer = given));
  await turn();
  expect(answer).toBeNull();
  const [prepare] = await block(START_MS + 50);
  expect(await submitted).toEqual({ id: operationIdOf(intent), status: 'prepared' });
  expect(prepare).toMatchObject({ participants: [A, B], deadlineMs: START_MS + 50 + PREPARE_MS_MAX, payout: 0n });
  expect(state.coordinator.has(operationIdOf(intent))).toBe(true);
});

test('a PREPARE that is rebuilt has a deadline by the new timestamp', async () => {
  void submit(writeIntent(1n));
  await turn();
  const dropped = build(state, queue, { timestampMs: START_MS });
  queue.putBack(dropped.placed.map(({ candidate }) => candidate));
  const [prepare] = await block(START_MS + 900);
  expect(prepare!.deadlineMs).toBe(START_MS + 900 + PREPARE_MS_MAX);
});

describe('the same digest again', () => {
  test('joins the submission that is open, also while the log is looked up (one PREPARE)', async () => {
    holdLookups = true;
    const intent = writeIntent(1n);
    const answers = [submit(intent), submit(intent)];
    await turn();
    expect(lookups).toHaveLength(1);
    lookups[0]!();
    await turn();
    answers.push(submit(intent));
    expect(await block()).toHaveLength(1);
    const receipt = { id: operationIdOf(intent), status: 'prepared' };
    expect(await Promise.all(answers)).toEqual([receipt, receipt, receipt]);
    expect([queue.size, lookups.length]).toEqual([0, 1]);
  });

  test.each(['prepared', 'committed', 'aborted'] as const)('gives the operation that is %s', async (status) => {
    const intent = writeIntent(1n);
    known(intent, status);
    expect(await submit(intent)).toEqual({ id: operationIdOf(intent), status });
    expect(queue.size).toBe(0);
  });

  test('is found in the log once it is durable', async () => {
    const first = submit(writeIntent(1n));
    await block();
    await first;
    expect(await submit(writeIntent(1n))).toEqual(await first);
    expect(queue.size).toBe(0);
  });

  test('costs no rate', async () => {
    desk = newDesk({ signerPerSecond: 1 });
    known(writeIntent(1n), 'committed');
    for (let times = 0; times < 5; times++)
      expect(await submit(writeIntent(1n))).toMatchObject({ status: 'committed' });
  });
});

test('a look-up that outlives its term prepares nothing in the next one, which may know better', async () => {
  holdLookups = true;
  const answer = submit(writeIntent(1n));
  await turn();
  desk.reset(); // another node leads for a while, prepares it, and this one leads again
  known(writeIntent(1n), 'prepared');
  lookups[0]!();
  expect(await answer).toMatchObject({ code: 'NOT_LEADING' });
  expect(queue.size).toBe(0);
  holdLookups = false;
  expect(await submit(writeIntent(1n))).toMatchObject({ status: 'prepared' });
});

describe('another digest with the same signer and nonce', () => {
  const others: [field: string, Intent][] = [
    ['series', writeIntent(1n, { series: seriesId(PUT) })],
    ['buyer', writeIntent(1n, { buyer: MALLORY })],
    ['quantity', writeIntent(1n, { quantity: 6n })],
    ['premium', writeIntent(1n, { premium: 2n })],
    ['deadlineMs', writeIntent(1n, { deadlineMs: 2n ** 49n })],
    ['kind', closeIntent(1n)],
  ];

  test.each(others)('is refused while the first is open, naming %s', async (field, other) => {
    const first = submit(writeIntent(1n));
    const refused = await submit(other);
    expect(refused).toMatchObject({
      type: { code: 'NONCE_USED', field, id: bytesToHex(operationIdOf(writeIntent(1n))) },
    });
    expect((refused as SubmissionError).message).toContain(`differs in ${field}`);
    expect(await block()).toHaveLength(1);
    expect(await first).toMatchObject({ status: 'prepared' });
  });

  test.each(others)('is refused when the log has the first, also aborted, naming %s', async (field, other) => {
    known(writeIntent(1n), 'aborted');
    const id = bytesToHex(operationIdOf(writeIntent(1n)));
    expect(await submit(other)).toMatchObject({ type: { code: 'NONCE_USED', field, id } });
    expect(queue.size).toBe(0);
  });

  test('another nonce, or the nonce of another signer, is free', async () => {
    known(writeIntent(1n), 'committed');
    const answers = [submit(writeIntent(2n)), submit(writeIntent(1n, { writer: BOB, backer: BOB, buyer: ALICE }))];
    expect(await block()).toHaveLength(2);
    expect(await Promise.all(answers)).toMatchObject([{ status: 'prepared' }, { status: 'prepared' }]);
  });
});

describe('refused before PREPARE', () => {
  /** It was refused with this code, and the nonce can be used by another intent. */
  async function refusedAndNonceFree(answer: Promise<Answer>, code: string): Promise<SubmissionError> {
    expect(await block()).toEqual([]);
    const refused = await answer;
    expect(refused).toMatchObject({ code });
    [silent, disputed] = [[], []];
    const other = submit(writeIntent(1n, { quantity: 99n }));
    expect(await block()).toHaveLength(1);
    expect(await other).toMatchObject({ status: 'prepared' });
    return refused as SubmissionError;
  }

  test.each([
    ['of a series that is not listed', { series: word(1) }, 'unknown_series', 'series'],
    ['whose deadline is over', { deadlineMs: BigInt(START_MS) }, 'deadline_too_near', 'deadlineMs'],
    ['of nothing', { quantity: 0n }, 'malformed_prepare', 'quantity'],
    ['backed by no pool', { backer: MALLORY }, 'malformed_prepare', 'backer'],
  ])('an intent %s uses no nonce', async (_, over, code, field) => {
    const refused = await refusedAndNonceFree(submit(writeIntent(1n, over)), code);
    expect(refused.type.field).toBe(field);
  });

  test('a participant whose executor is silent is named', async () => {
    silent = [B];
    const refused = await refusedAndNonceFree(submit(writeIntent(1n)), 'EXECUTOR_SILENT');
    expect(refused.message).toContain(`rollup ${B} has not`);
  });

  test('a participant whose executors state differing roots is as good as quarantined', async () => {
    disputed = [A];
    await refusedAndNonceFree(submit(writeIntent(1n)), 'quarantined');
  });

  test('a rollup that takes no part may be silent or disputed', async () => {
    [silent, disputed] = [[103], [103]];
    const answer = submit(writeIntent(1n));
    expect(await block()).toHaveLength(1);
    expect(await answer).toMatchObject({ status: 'prepared' });
  });

  test('a paused rollup takes no PREPARE; the pause counts from the next block on', async () => {
    const answer = submit(writeIntent(1n));
    await turn();
    const action = { selector: RegistryAction.SET_ROLLUP_PAUSED, value: { chainId: B, value: true } };
    state.registry = applyRegistryChange(state.registry, { nonce: 0, action }, START_MS);
    expect(await block()).toEqual([]);
    expect(await answer).toMatchObject({ code: 'rollup_paused' });
  });

  test('a write after expiry is refused by log time alone', async () => {
    const answer = submit(writeIntent(1n));
    expect(await block(EXPIRY_MS + 1)).toEqual([]);
    expect(await answer).toMatchObject({ code: 'outside_exercise_window' });
  });

  test('a full queue refuses, and the nonce is free', async () => {
    queue = new IntakeQueue(0, () => undefined);
    desk = newDesk();
    expect(await submit(writeIntent(1n))).toMatchObject({ code: 'BUSY' });
    const open = (desk as unknown as { open: Map<string, unknown> }).open;
    await turn();
    expect(open.size).toBe(0);
  });

  test('too many undecided operations refuse the next, within a block as well; a decision makes room', async () => {
    desk = newDesk({ undecidedMax: 2 });
    const answers = [1n, 2n, 3n].map((nonce) => submit(writeIntent(nonce)));
    const prepared = await block();
    expect(prepared).toHaveLength(2);
    expect(await answers[2]).toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('2 operations') as string,
    });
    // Both expire in the block that takes the next one.
    const again = submit(writeIntent(3n));
    expect(await block(START_MS + PREPARE_MS_MAX + 1)).toHaveLength(1);
    expect(await again).toMatchObject({ status: 'prepared' });
  });
});

describe('signatures', () => {
  const intent = writeIntent(1n);
  const digest = operationIdOf(intent);
  test.each([
    ['writer', [sign(MALLORY, digest), sign(BOB, digest)]],
    ['buyer', [sign(ALICE, digest), sign(MALLORY, digest)]],
    ['buyer', [sign(ALICE, digest), sign(BOB, word(1))]],
    ['signatures', [sign(ALICE, digest)]],
    ['signatures', [sign(ALICE, digest), sign(BOB, digest), sign(BOB, digest)]],
  ])('a forged one names %s, and the log is not asked', async (field, signatures) => {
    expect(await submit(intent, signatures)).toMatchObject({ type: { code: 'INVALID_SIGNATURE', field } });
    expect(lookups).toHaveLength(0);
  });

  test('a forged copy neither joins the true one nor takes its place', async () => {
    const first = submit(intent);
    expect(await submit(intent, [sign(MALLORY, digest), sign(BOB, digest)])).toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
    expect(await block()).toHaveLength(1);
    expect(await first).toMatchObject({ status: 'prepared' });
  });
});

test("a signer's and a series' rates are bounded; time gives them back", async () => {
  desk = newDesk({ signerPerSecond: 2, seriesPerSecond: 3 });
  const bobs = (nonce: bigint) => writeIntent(nonce, { writer: BOB, backer: BOB, buyer: ALICE });
  const answers = [writeIntent(1n), writeIntent(2n), writeIntent(3n), bobs(1n), bobs(2n)].map((one) => submit(one));
  expect(await block()).toHaveLength(3);
  const refusals = (await Promise.all(answers)).map((one) => (one instanceof SubmissionError ? one.message : 'taken'));
  expect(refusals).toEqual([
    'taken',
    'taken',
    expect.stringContaining('a signer may submit 2 operations a second'),
    'taken',
    expect.stringContaining('a series takes 3 operations a second'),
  ]);
  nowMs = 1_000;
  const later = submit(writeIntent(3n));
  expect(await block()).toHaveLength(1);
  expect(await later).toMatchObject({ status: 'prepared' });
});

test('what was looked up for a term that is over does not wait for the next one', async () => {
  holdLookups = true;
  const answer = submit(writeIntent(1n));
  await turn();
  isLeading = false;
  lookups[0]!();
  expect(await answer).toMatchObject({ code: 'NOT_LEADING' });
  expect(queue.size).toBe(0);
});

test('a drained intake prepares nothing new, and still names the operations that are there', async () => {
  known(writeIntent(1n), 'committed');
  state.isDraining = true;
  expect(await submit(writeIntent(1n))).toMatchObject({ status: 'committed' });
  expect(await submit(writeIntent(2n))).toMatchObject({ code: 'INTAKE_DRAINED' });
  state.isDraining = false;
  const next = submit(writeIntent(2n));
  expect(await block()).toHaveLength(1);
  expect(await next).toMatchObject({ status: 'prepared' });
});

test('a look-up that fails refuses, and the intent can be sent again', async () => {
  const failing = newDesk();
  const modules = (failing as unknown as { modules: { findBySignerNonce: () => Promise<null> } }).modules;
  const { findBySignerNonce } = modules;
  modules.findBySignerNonce = () => Promise.reject(new Error('the database is away'));
  desk = failing;
  expect(await submit(writeIntent(1n))).toBeInstanceOf(Error);
  modules.findBySignerNonce = findBySignerNonce;
  const again = submit(writeIntent(1n));
  expect(await block()).toHaveLength(1);
  expect(await again).toMatchObject({ status: 'prepared' });
});
