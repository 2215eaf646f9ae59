// Shows what a stand-by sends on to the leader, and how its answers and its absence come back.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '#libs/protocol';
import { ALICE, BOB, closeIntent, writeIntent } from './engine/testing/world.js';
import { LeaderClient } from './leader-client.js';

interface Call {
  jsonrpc: string;
  id: number;
  method: string;
  params: unknown[];
}
let server: Server;
let client: LeaderClient;
let requests: { path: string; calls: Call[] }[];
/** What the leader answers; an array is sent as it is. */
let answer: (calls: Call[]) => unknown;

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const calls = JSON.parse(body) as Call[];
      requests.push({ path: request.url!, calls });
      const sent = answer(calls);
      response.end(typeof sent === 'string' ? sent : JSON.stringify(sent));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new LeaderClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const HASH = `0x${'ab'.repeat(32)}`;
const notLeading = expect.objectContaining({
  code: 'NOT_LEADING',
  type: { code: 'NOT_LEADING', rpcCode: -32001 },
}) as Error;

test('transactions go in one batch; each gets its own answer, in whatever order they come back', async () => {
  const error = { code: -32000, message: 'nonce too low: next nonce 2', data: { code: 'NONCE_TOO_LOW', id: HASH } };
  answer = ([first, second]) => [
    { id: second!.id, error },
    { id: first!.id, result: HASH },
  ];
  const results = await client.submitTransactions(101, [Uint8Array.of(1), Uint8Array.of(2)]);
  expect(requests).toMatchObject([{ path: '/101', calls: [{ jsonrpc: '2.0' }, { jsonrpc: '2.0' }] }]);
  expect(requests[0]!.calls.map(({ method, params }) => [method, params])).toEqual([
    ['eth_sendRawTransaction', ['0x01']],
    ['eth_sendRawTransaction', ['0x02']],
  ]);
  expect(results[0]).toEqual({ hash: hexToBytes(HASH) });
  expect(results[1]).toMatchObject({
    error: { message: error.message, type: { code: 'NONCE_TOO_LOW', rpcCode: -32000, id: HASH } },
  });
});

test('an operation is sent with its fields by name, numbers as decimal strings; its receipt comes back', async () => {
  answer = () => [{ id: 0, result: { id: HASH, status: 'aborted' } }];
  const receipt = await client.submitOperation(102, writeIntent(7n), [ALICE, BOB]);
  expect(receipt).toEqual({ id: hexToBytes(HASH), status: 'aborted' });
  const [{ method, params }] = requests[0]!.calls as [Call];
  const { value } = writeIntent(7n);
  expect([method, params[1]]).toEqual(['lockstep_submitWrite', [bytesToHex(ALICE), bytesToHex(BOB)]]);
  expect(params[0]).toEqual({
    series: bytesToHex(value.series),
    writer: bytesToHex(ALICE),
    backer: bytesToHex(ALICE),
    buyer: bytesToHex(BOB),
    quantity: '5',
    premium: '1',
    deadlineMs: (2n ** 50n).toString(),
    nonce: '7',
  });
});

test('a refused operation comes back with the code, field and id that the leader gave', async () => {
  const data = { code: 'NONCE_USED', field: 'premium', id: HASH };
  answer = () => [{ id: 0, error: { code: -32000, message: 'nonce 7 is used', data } }];
  await expect(client.submitOperation(101, closeIntent(7n), [ALICE])).rejects.toMatchObject({
    message: 'nonce 7 is used',
    type: { ...data, rpcCode: -32000 },
  });
  expect(requests[0]!.calls[0]!.method).toBe('lockstep_submitClose');
});

test('an error without our code keeps its number and message', async () => {
  answer = () => [{ id: 0, error: { code: -32601, message: 'no such method' } }];
  await expect(client.nextNonce(101, ALICE)).rejects.toMatchObject({
    message: 'no such method',
    type: { code: 'REFUSED', rpcCode: -32601 },
  });
});

test("the next nonce is the leader's pending count", async () => {
  answer = () => [{ id: 0, result: '0x1f' }];
  expect(await client.nextNonce(101, ALICE)).toBe(31n);
  expect(requests[0]!.calls[0]).toMatchObject({
    method: 'eth_getTransactionCount',
    params: [bytesToHex(ALICE), 'pending'],
  });
});

test.each([
  ['no JSON', 'gateway error'],
  ['no batch', { error: { code: -32600, message: 'too large' } }],
  ['too few answers', []],
])('a leader that answers %s is no leader', async (_, sent) => {
  answer = () => sent;
  await expect(client.submitTransactions(101, [Uint8Array.of(1)])).rejects.toThrow(notLeading);
  await expect(client.nextNonce(101, ALICE)).rejects.toThrow(notLeading);
});

test('one that cannot be reached, or hangs up, is no leader: the submission may be looked up or sent again', async () => {
  answer = () => {
    server.closeAllConnections();
    return [];
  };
  await expect(client.submitTransactions(101, [Uint8Array.of(1)])).rejects.toThrow(notLeading);
  await new Promise((resolve) => server.close(resolve));
  await expect(client.submitTransactions(101, [Uint8Array.of(1)])).rejects.toThrow(notLeading);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
