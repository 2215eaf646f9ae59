// Shows that no input whatever crashes the server or gets anything but a JSON-RPC answer.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeBackend } from './fixtures/fake-backend.js';
import { type RpcServer, startRpcServer } from './fixtures/start-rpc-server.js';
import { METHODS } from './methods/index.js';
import { RpcDispatcher } from './rpc-dispatcher.js';

const CHAIN_ID = 901_001;
const SUBMITTING = ['eth_sendRawTransaction', 'eth_sendRawTransactionSync'];
const method = fc.constantFrom(...METHODS.keys(), ...SUBMITTING);
const nearlyHex = fc.stringMatching(/^0x[0-9a-fA-F]{0,70}$/);
const param = fc.oneof(nearlyHex, fc.constantFrom('latest', 'pending', 'earliest'), fc.jsonValue({ maxDepth: 3 }));
const call = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, fc.jsonValue()),
    id: fc.oneof({ weight: 9, arbitrary: fc.oneof(fc.string(), fc.integer(), fc.constant(null)) }, fc.jsonValue()),
    method: fc.oneof({ weight: 9, arbitrary: method }, fc.jsonValue()),
    params: fc.oneof({ weight: 9, arbitrary: fc.array(param, { maxLength: 4 }) }, fc.jsonValue()),
  },
  { requiredKeys: [] },
);

/** Whether a value is an answer of JSON-RPC 2.0: a result, or an error with a code and words. */
function expectAnswer(value: unknown): void {
  expect(value).toMatchObject({ jsonrpc: '2.0' });
  const { error, id, ...rest } = value as { error?: unknown; id?: unknown; result?: unknown };
  expect(id === null || typeof id === 'string' || typeof id === 'number').toBe(true);
  expect(error === undefined).toBe('result' in rest);
  if (error === undefined) return;
  expect(error).toMatchObject({ code: expect.any(Number) as number, message: expect.any(String) as string });
  expect(JSON.stringify(error)).not.toMatch(/\.ts|\.js:|node_modules|TypeError|RangeError/);
}

function expectAnswers(text: string): void {
  const body = JSON.parse(text) as unknown;
  for (const answer of Array.isArray(body) ? (body as unknown[]) : [body]) expectAnswer(answer);
}

describe('the dispatcher', () => {
  const reported: unknown[] = [];
  const dispatcher = new RpcDispatcher({ backend: new FakeBackend(), report: (thrown) => reported.push(thrown) });
  const answer = (body: string | Uint8Array): Promise<string | null> => dispatcher.answer(CHAIN_ID, Buffer.from(body));

  test('answers any JSON and never fails inside', async () => {
    const body = fc.oneof(fc.jsonValue(), call, fc.array(fc.oneof(call, fc.jsonValue()), { maxLength: 5 }));
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const text = await answer(JSON.stringify(value));
        if (text !== null) expectAnswers(text);
      }),
      { numRuns: 2_000 },
    );
    expect(reported).toEqual([]);
  });

  test('answers any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const text = await answer(bytes);
        if (text !== null) expectAnswers(text);
      }),
      { numRuns: 1_000 },
    );
    expect(reported).toEqual([]);
  });

  test('gives each call of a batch its own answer, by id', async () => {
    const calls = fc.array(fc.tuple(method, fc.array(param, { maxLength: 3 })), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(calls, async (given) => {
        const batch = given.map(([name, params], id) => ({ jsonrpc: '2.0', id, method: name, params }));
        const answers = JSON.parse((await answer(JSON.stringify(batch)))!) as { id: number }[];
        expect(answers.map(({ id }) => id)).toEqual(given.map((_, id) => id));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the server', () => {
  let server: RpcServer;
  beforeAll(async () => {
    server = await startRpcServer(new FakeBackend());
  });
  afterAll(() => server.close());

  test('answers any text over HTTP and lives on', async () => {
    const text = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      call.map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const { status, json } = await server.post(body);
        if (status === 204) return;
        expect(status).toBe(200);
        expectAnswers(JSON.stringify(json));
      }),
      { numRuns: 300 },
    );
    const alive = await server.post({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' });
    expect(alive.json).toMatchObject({ result: '0xdbf89' });
  });
});
