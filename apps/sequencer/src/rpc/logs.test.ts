// Shows that eth_getLogs checks its filter in geth's words, reads all pages of the executor, and refuses what is too much.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bytesToHex, logId } from '#libs/protocol';
import { FakeBackend } from './fixtures/fake-backend.js';
import { fakeGenesis } from './fixtures/fake-genesis.js';
import { type RpcServer, startRpcServer } from './fixtures/start-rpc-server.js';

interface Page {
  logs: unknown[];
  next: { block: number; logIndex: number } | null;
}

const asked: unknown[][] = [];
let pages: (index: number) => Page;
let server: RpcServer;

/** A head of 200,000 blocks, and an executor that gives the pages of the test. */
class LogBackend extends FakeBackend {
  override head() {
    return { number: 200_000, hash: new Uint8Array(32), timestampMs: 0 };
  }
  override readExecutor(_chainId: number, _method: string, params: unknown): Promise<unknown> {
    asked.push(params as unknown[]);
    return Promise.resolve(pages(asked.length - 1));
  }
}

beforeAll(async () => {
  server = await startRpcServer(new LogBackend());
});
afterAll(() => server.close());
beforeEach(() => {
  asked.length = 0;
  pages = () => ({ logs: [], next: null });
});

async function getLogs(filter: unknown): Promise<{ result?: unknown[]; error?: { code: number; message: string } }> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params: [filter] });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(server.url, { method: 'POST', headers, body });
  return (await response.json()) as { result?: unknown[]; error?: { code: number; message: string } };
}

const TOPIC = `0x${'ab'.repeat(32)}`;
const ADDRESS = `0x${'AB'.repeat(20)}`;

describe('a filter', () => {
  test.each([
    ['nothing: the newest block', {}, { from: 200_000, to: 200_000, address: null, topics: [] }],
    ['a range', { fromBlock: '0x1', toBlock: '0x2' }, { from: 1, to: 2 }],
    ['tags', { fromBlock: 'finalized', toBlock: 'latest' }, { from: 200_000, to: 200_000 }],
    ['the hash of genesis', { blockHash: bytesToHex(logId(fakeGenesis)) }, { from: 0, to: 0 }],
    ['one address', { address: ADDRESS }, { address: [ADDRESS.toLowerCase()] }],
    ['any address', { address: [] }, { address: null }],
    [
      'topics by position',
      { topics: [null, TOPIC, [TOPIC, TOPIC], []] },
      { topics: [null, [TOPIC], [TOPIC, TOPIC], null] },
    ],
  ])('with %s is understood', async (_, filter, expected) => {
    expect(await getLogs(filter)).toMatchObject({ result: [] });
    expect(asked[0]![0]).toMatchObject(expected);
  });

  test.each([
    ['no object', 'latest', -32602, 'filter'],
    ['ends in the wrong order', { fromBlock: '0x2', toBlock: '0x1' }, -32602, 'invalid block range params'],
    ['a block to come', { toBlock: '0xffffff' }, -32602, 'block range extends beyond current head block'],
    ['too many blocks', { fromBlock: '0x0' }, -32005, 'exceed maximum block range: 100000'],
    ['a hash and a range', { blockHash: TOPIC, fromBlock: '0x1' }, -32602, "can't specify fromBlock/toBlock"],
    ['an unknown hash', { blockHash: TOPIC }, -32000, 'unknown block'],
    ['five topics', { topics: [null, null, null, null, null] }, -32602, 'exceed max topics'],
    ['a short topic', { topics: ['0x12'] }, -32602, 'topics[0] must be 32 bytes'],
    ['a short address', { address: ['0x12'] }, -32602, 'address must be 20 bytes'],
    ['1,001 addresses', { address: Array(1001).fill(ADDRESS) }, -32602, 'exceed max addresses or topics'],
  ])('with %s is refused', async (_, filter, code, message) => {
    const { error } = await getLogs(filter);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) as string });
    expect(asked).toEqual([]);
  });
});

describe('pages', () => {
  test('are read to the end of the range, each from where the one before ended', async () => {
    pages = (index) => ({ logs: [{ index }], next: index < 2 ? { block: 7 + index, logIndex: 3 } : null });
    const { result } = await getLogs({ fromBlock: '0x5', toBlock: '0x9' });
    expect(result).toEqual([{ index: 0 }, { index: 1 }, { index: 2 }]);
    expect(asked.map(([range]) => range)).toMatchObject([
      { from: 5, fromLogIndex: 0, to: 9 },
      { from: 7, fromLogIndex: 3, to: 9 },
      { from: 8, fromLogIndex: 3, to: 9 },
    ]);
    expect(asked.every(([, timing]) => (timing as { minHeight: number }).minHeight === 9)).toBe(true);
  });

  test('with more than 10,000 logs, or without end, are an error that says how to ask', async () => {
    pages = () => ({ logs: Array(6_000).fill({}), next: { block: 6, logIndex: 0 } });
    expect((await getLogs({})).error).toMatchObject({
      code: -32005,
      message: expect.stringContaining('10000') as string,
    });
    pages = () => ({ logs: [], next: { block: 6, logIndex: 0 } });
    expect((await getLogs({})).error).toMatchObject({
      code: -32005,
      message: expect.stringContaining('up to 5') as string,
    });
  });

  test('that are none are an error of the executor', async () => {
    pages = () => null as unknown as Page;
    expect((await getLogs({})).error).toMatchObject({ code: -32603 });
  });
});
