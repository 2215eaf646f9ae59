// Shows how batches are carried out: transactions admitted together, reads a bounded number at a time, answers in order.
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { LockstepError } from '#libs/protocol';
import { FakeBackend } from './fixtures/fake-backend.js';
import { CHAIN_ID } from './fixtures/fake-genesis.js';
import { type ErrorAnswer, type RpcServer, startRpcServer } from './fixtures/start-rpc-server.js';
import { BATCH_CONCURRENCY_MAX } from './limits.js';

let backend: FakeBackend;
let server: RpcServer;
beforeAll(async () => {
  backend = new FakeBackend();
  server = await startRpcServer(backend);
});
afterAll(() => server.close());
beforeEach(() => {
  backend.submissions.length = 0;
  backend.beforeRead = () => Promise.resolve();
});

interface Answer {
  id: unknown;
  result?: unknown;
  error?: ErrorAnswer['error'];
}
const send = async (batch: object[]): Promise<Answer[]> => (await server.post(batch)).json as Answer[];
const call = (id: unknown, method: string, ...params: unknown[]): object => ({ jsonrpc: '2.0', id, method, params });

/** Signed transfers with nonces from 0. */
async function sign(count: number): Promise<string[]> {
  const account = privateKeyToAccount(generatePrivateKey());
  const request = { type: 'eip1559', to: account.address, gas: 21_000n, chainId: CHAIN_ID } as const;
  return Promise.all(
    Array.from({ length: count }, (_, nonce) =>
      account.signTransaction({ ...request, nonce, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }),
    ),
  );
}

const HASH = /^0x[0-9a-f]{64}$/;

describe('transactions', () => {
  test('of a mixed batch are submitted in one go, in order, and all answers stand in the order of the calls', async () => {
    const [first, second, third] = await sign(3);
    const answers = await send([
      call('a', 'eth_sendRawTransaction', first),
      call('b', 'eth_chainId'),
      call('c', 'eth_sendRawTransaction', 'bad'),
      call('d', 'eth_sendRawTransaction', second),
      call('e', 'eth_sendRawTransaction', '0x1234'),
      call('f', 'nope'),
      call('g', 'eth_sendRawTransactionSync', third, 1_000),
    ]);
    expect(backend.submissions).toEqual([4]);
    expect(answers.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(answers[0]!.result).toMatch(HASH);
    expect(answers[3]!.result).toMatch(HASH);
    expect(answers[6]!.result).toMatchObject({ status: '0x1' });
    expect(answers.map(({ error }) => error?.code)).toEqual([
      undefined,
      undefined,
      -32602,
      undefined,
      -32000,
      -32601,
      undefined,
    ]);
  });

  test('are refused all alike when the sequencer takes none', async () => {
    const refuse = vi
      .spyOn(backend, 'submitTransactions')
      .mockRejectedValue(new Error('secret: postgres://user:pw@db'));
    const [raw] = await sign(1);
    const answers = await send([call(1, 'eth_sendRawTransaction', raw), call(2, 'eth_sendRawTransaction', raw)]);
    refuse.mockRestore();
    expect(answers.map(({ error }) => error?.code)).toEqual([-32603, -32603]);
    expect(JSON.stringify(answers)).not.toMatch(/secret|stack|\.ts/);
  });

  test('that are not executed in time are answered by error 4 with their hash (EIP-7966)', async () => {
    const [first, second] = await sign(2);
    const waits: unknown[] = [];
    const read = vi.spyOn(backend, 'readExecutor').mockImplementation((_chainId, _method, params) => {
      waits.push(params);
      if (waits.length === 1) return Promise.resolve(null);
      return Promise.reject(new LockstepError({ code: 'EXECUTOR_UNAVAILABLE' }, 'no answer'));
    });
    const answers = await send([
      call(1, 'eth_sendRawTransactionSync', first, '0x64'),
      call(2, 'eth_sendRawTransactionSync', second, 10 ** 12),
    ]);
    read.mockRestore();
    for (const { error } of answers)
      expect(error).toMatchObject({ code: 4, data: expect.stringMatching(HASH) as string });
    expect(waits).toMatchObject([
      [expect.anything(), { waitMs: 100 }],
      [expect.anything(), { waitMs: 20_000 }],
    ]);
  });
});

describe('reads', () => {
  const ADDRESS = `0x${'1'.repeat(40)}`;
  const balances = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => call(index, 'eth_getBalance', ADDRESS, 'latest'));

  test('of one batch ask the executor a bounded number of times at once, slow or failing ones included', async () => {
    let open = 0;
    let openMax = 0;
    let count = 0;
    backend.beforeRead = async () => {
      openMax = Math.max(openMax, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      if (++count % 3 === 0) throw new LockstepError({ code: 'EXECUTOR_UNAVAILABLE' }, 'no answer');
    };
    const answers = await send(balances(200));
    expect(openMax).toBe(BATCH_CONCURRENCY_MAX);
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, index) => index));
    expect(answers.filter(({ error }) => error?.data.code === 'EXECUTOR_UNAVAILABLE')).toHaveLength(66);
  });

  test('ask for a state that has everything durable', async () => {
    const [raw] = await sign(1);
    await send([call(1, 'eth_sendRawTransaction', raw)]);
    let asked: readonly unknown[] = [];
    backend.beforeRead = (_method, params) => {
      asked = params;
      return Promise.resolve();
    };
    await send(balances(1));
    expect(asked).toMatchObject([ADDRESS, { minHeight: backend.head().number }]);
  });

  test('of one batch are refused once their answers together are too large', async () => {
    let count = 0;
    const read = vi.spyOn(backend, 'readExecutor').mockImplementation(() => {
      count++;
      return Promise.resolve(`0x${'00'.repeat(1024 * 1024)}`);
    });
    const answers = await send(balances(100));
    read.mockRestore();
    expect(answers.filter(({ result }) => result !== undefined).length).toBeLessThanOrEqual(12);
    expect(answers.at(-1)!.error).toMatchObject({ code: -32003, message: 'response too large' });
    expect(count).toBeLessThanOrEqual(12 + BATCH_CONCURRENCY_MAX);
  });
});
