// Shows that each kind of bad input gets its own clear error, that nothing of it reaches the sequencer, and that the
// server goes on answering.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeBackend } from './fixtures/fake-backend.js';
import { CHAIN_ID } from './fixtures/fake-genesis.js';
import {
  type ErrorAnswer,
  postTo,
  type RpcAnswer,
  type RpcServer,
  startRpcServer,
} from './fixtures/start-rpc-server.js';

const backend = new FakeBackend();
let server: RpcServer;

beforeAll(async () => {
  server = await startRpcServer(backend);
});
afterAll(() => server.close());

const call = (method: string, ...params: unknown[]): object => ({ jsonrpc: '2.0', id: 1, method, params });

function errorOf(answer: RpcAnswer, status = 200): ErrorAnswer['error'] & { id: unknown } {
  expect(answer.status).toBe(status);
  const { id, error } = answer.json as ErrorAnswer;
  return { ...error, id };
}

describe('bodies', () => {
  test.each(['', '{', '{"jsonrpc":"2.0"', 'nonsense', '[1,', '\u0000', '"\\'])('%j is no JSON', async (body) => {
    expect(errorOf(await server.post(body))).toMatchObject({ code: -32700, id: null, data: { code: 'PARSE_ERROR' } });
  });

  test('a body of 2 MiB is read; one byte more gets HTTP 413, with a length or in chunks', async () => {
    const frame = JSON.stringify(call('eth_chainId', ''));
    const exact = frame.replace('""', `"${'x'.repeat(2 * 1024 * 1024 - frame.length)}"`);
    expect(exact).toHaveLength(2 * 1024 * 1024);
    expect(errorOf(await server.post(exact))).toMatchObject({ code: -32602 });
    expect(errorOf(await server.post(`${exact} `), 413)).toMatchObject({
      code: -32600,
      id: null,
      data: { code: 'BODY_TOO_LARGE' },
    });
    const chunked = await fetch(server.url, {
      method: 'POST',
      body: new Blob([exact, ' ']).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
  });

  test('32 levels of nesting are read, 33 are refused, a million do no harm', async () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(errorOf(await server.post(`{"jsonrpc":"2.0","id":1,"method":"x","params":${nested(31)}}`)).code).toBe(
      -32601,
    );
    for (const body of [`{"jsonrpc":"2.0","id":1,"method":"x","params":${nested(32)}}`, nested(1_000_000)]) {
      expect(errorOf(await server.post(body))).toMatchObject({ code: -32600, id: null });
    }
    const brackets = JSON.stringify(call('x', '"[[[[{{{{'.repeat(20)));
    expect(errorOf(await server.post(brackets)).code).toBe(-32601);
  });

  test('a batch of 1,000 calls is answered, 1,001 and an empty one are refused', async () => {
    const batch = (count: number): object[] => Array.from({ length: count }, () => call('eth_chainId'));
    expect((await server.post(batch(1000))).json).toHaveLength(1000);
    expect(errorOf(await server.post(batch(1001)))).toMatchObject({ code: -32600, id: null });
    expect(errorOf(await server.post([]))).toMatchObject({ code: -32600, message: 'invalid request: empty batch' });
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'application/x-www-form-urlencoded',
    '',
  ])('the content type %j does not matter', async (type) => {
    const body = new Blob([JSON.stringify(call('eth_chainId'))], { type });
    const response = await fetch(server.url, { method: 'POST', body });
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toMatchObject({ result: '0xdbf89' });
  });

  test.each(['999', '0', '0xdbf89', '901001.0', '1e3', '-1', 'x', '9007199254740993', ''])(
    'the path /%s names no rollup',
    async (path) => {
      const answer = await postTo(`${server.origin}/${path}`, call('eth_chainId'));
      expect(errorOf(answer, 404)).toMatchObject({ code: -32602, data: { code: 'UNKNOWN_ROLLUP' } });
    },
  );
});

describe('calls', () => {
  test.each([
    ['null', null],
    ['a number', 1],
    ['an array in a batch', [[]]],
    ['no version', { id: 1, method: 'eth_chainId' }],
    ['another version', { jsonrpc: '1.0', id: 1, method: 'eth_chainId' }],
    ['no method', { jsonrpc: '2.0', id: 1 }],
    ['a method that is no text', { jsonrpc: '2.0', id: 1, method: 7 }],
    ['an id that is an object', { jsonrpc: '2.0', id: {}, method: 'eth_chainId' }],
  ])('%s is no request', async (_what, body) => {
    const answer = await server.post(body);
    const error = Array.isArray(answer.json) ? (answer.json[0] as ErrorAnswer).error : errorOf(answer);
    expect(error).toMatchObject({ code: -32600, data: { code: 'INVALID_REQUEST' } });
  });

  test.each(['eth_mine', '__proto__', 'constructor', 'eth_chainid', 'x'.repeat(10_000)])(
    'the method %.20s is unknown',
    async (method) => {
      const error = errorOf(await server.post(call(method)));
      expect(error).toMatchObject({ code: -32601, id: 1, data: { code: 'METHOD_NOT_FOUND' } });
      expect(error.message.length).toBeLessThan(200);
    },
  );

  test('notifications are carried out and not answered', async () => {
    const notification = { jsonrpc: '2.0', method: 'eth_sendRawTransaction', params: ['0x01'] };
    const before = backend.submissions.length;
    expect(await server.post(notification)).toEqual({ status: 204, json: undefined });
    expect(await server.post([notification, notification])).toEqual({ status: 204, json: undefined });
    expect(backend.submissions.slice(before)).toEqual([1, 2]);
    const mixed = await server.post([notification, { ...call('eth_chainId'), id: 'a' }, notification]);
    expect(mixed.json).toEqual([{ jsonrpc: '2.0', id: 'a', result: '0xdbf89' }]);
  });

  const ADDRESS = `0x${'1'.repeat(40)}`;
  const HASH = `0x${'1'.repeat(64)}`;
  test.each([
    ['params', { jsonrpc: '2.0', id: 1, method: 'eth_getBalance', params: { address: ADDRESS } }],
    ['params', call('eth_chainId', 1)],
    ['transaction', call('eth_sendRawTransaction')],
    ['transaction', call('eth_sendRawTransaction', '0x123')],
    ['transaction', call('eth_sendRawTransaction', 'f86c')],
    ['transaction', call('eth_sendRawTransaction', '0xzz')],
    ['transaction', call('eth_sendRawTransaction', ['0x00'])],
    ['timeoutMs', call('eth_sendRawTransactionSync', '0x00', 'soon')],
    ['timeoutMs', call('eth_sendRawTransactionSync', '0x00', 0)],
    ['address', call('eth_getBalance')],
    ['address', call('eth_getBalance', '0x12', 'latest')],
    ['address', call('eth_getTransactionCount', `${ADDRESS}0`, 'latest')],
    ['block', call('eth_getBalance', ADDRESS, 'newest')],
    ['block', call('eth_getBalance', ADDRESS, 1)],
    ['block.blockHash', call('eth_getBalance', ADDRESS, { blockHash: '0x1' })],
    ['block', call('eth_getBlockByNumber')],
    ['block', call('eth_getBlockByNumber', '0x01')],
    ['block', call('eth_getBlockByNumber', `0x${'f'.repeat(100)}`)],
    ['fullTransactions', call('eth_getBlockByNumber', 'latest', 'yes')],
    ['hash', call('eth_getBlockByHash', ADDRESS)],
    ['hash', call('eth_getTransactionReceipt', HASH.toUpperCase())],
    ['hash', call('eth_getTransactionByHash', null)],
    ['transaction', call('eth_call', 'x')],
    ['transaction.to', call('eth_call', { to: 'x' }, 'latest')],
    ['transaction.input', call('eth_call', { data: '0x00', input: '0x01' })],
    ['transaction.value', call('eth_estimateGas', { value: `0x1${'0'.repeat(64)}` })],
    ['stateOverrides', call('eth_call', {}, 'latest', { [ADDRESS]: {} })],
    ['blockCount', call('eth_feeHistory', 'x', 'latest')],
    ['newestBlock', call('eth_feeHistory', '0x1', '0xffff')],
    ['rewardPercentiles', call('eth_feeHistory', '0x1', 'latest', [50, 25])],
    ['id', call('lockstep_getOperation', 1)],
  ])('names the parameter %s in %j', async (field, body) => {
    const before = backend.submissions.length;
    const error = errorOf(await server.post(body));
    expect(error).toMatchObject({ code: -32602, id: 1, data: { code: 'INVALID_PARAMS', field } });
    expect(error.message).toContain(field.split('.').at(-1));
    expect(backend.submissions).toHaveLength(before);
  });

  test('state is kept for the newest block only', async () => {
    expect(errorOf(await server.post(call('eth_getBalance', ADDRESS, '0xffff'))).message).toContain('header not found');
    const byHash = await server.post(call('eth_getBalance', ADDRESS, { blockHash: HASH }));
    expect(errorOf(byHash)).toMatchObject({ code: -32000, data: { code: 'STATE_NOT_KEPT' } });
  });
});

describe('replay over HTTP', () => {
  const feed = (path: string): Promise<Response> => fetch(`${server.origin}/v1/feed/${path}`);

  test('answers bytes', async () => {
    const response = await feed(`${CHAIN_ID}?from=3&limit=2&offset=1`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([3, 2, 1]);
  });

  test.each([
    [400, `${CHAIN_ID}`],
    [400, `${CHAIN_ID}?from=-1`],
    [400, `${CHAIN_ID}?from=1&limit=x`],
    [400, `${CHAIN_ID}?from=1&from=2`],
    [400, `${CHAIN_ID}?from=0&offset=101`],
    [404, '7?from=1'],
    [404, 'x?from=1'],
  ])('answers %i to %s', async (status, path) => {
    const response = await feed(path);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code: expect.any(String) as string });
  });
});
