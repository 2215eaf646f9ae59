// Shows that unmodified viem clients can send, wait, read and simulate, and raise their typed errors.
import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  defineChain,
  erc20Abi,
  http,
  IntrinsicGasTooLowError,
  type LocalAccount,
  MethodNotFoundRpcError,
  NonceTooLowError,
  parseEther,
} from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OPTIONS_MARKET_ADDRESS } from '#libs/options';
import { bytesToHex, logId } from '#libs/protocol';
import { FakeBackend } from './fixtures/fake-backend.js';
import { TOKEN } from './fixtures/fake-executor.js';
import { CHAIN_ID, fakeGenesis, START_TIME_MS } from './fixtures/fake-genesis.js';
import { type RpcServer, startRpcServer } from './fixtures/start-rpc-server.js';

const backend = new FakeBackend();
let server: RpcServer;

beforeAll(async () => {
  server = await startRpcServer(backend);
});
afterAll(() => server.close());

const chain = () =>
  defineChain({
    id: CHAIN_ID,
    name: 'rollup',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [server.url] } },
  });
const publicClient = () => createPublicClient({ chain: chain(), transport: http(), pollingInterval: 20 });
const walletClient = (account: LocalAccount) => createWalletClient({ account, chain: chain(), transport: http() });

const recipient = `0x${'b'.repeat(40)}` as const;
let account: LocalAccount;
beforeEach(() => {
  account = privateKeyToAccount(generatePrivateKey());
});

/** The error of this class among those that an error was caused by. */
async function causeOf<T extends Error>(promise: Promise<unknown>, type: new (...args: never[]) => T): Promise<T> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  const cause = thrown instanceof BaseError ? thrown.walk((error) => error instanceof type) : thrown;
  expect(cause, String(thrown)).toBeInstanceOf(type);
  return cause as T;
}

describe('sending', () => {
  test('sends a transfer with everything filled in by viem, waits for the receipt, and sees the balances', async () => {
    const before = await publicClient().getBalance({ address: recipient });
    const hash = await walletClient(account).sendTransaction({ to: recipient, value: parseEther('2') });
    const receipt = await publicClient().waitForTransactionReceipt({ hash });
    expect(receipt).toMatchObject({ status: 'success', transactionHash: hash, type: 'eip1559' });
    expect(await publicClient().getBalance({ address: recipient })).toBe(before + parseEther('2'));
    expect(await publicClient().getTransactionCount({ address: account.address })).toBe(1);
    expect(await publicClient().getTransactionCount({ address: account.address, blockTag: 'pending' })).toBe(1);
  });

  test('eth_sendRawTransactionSync answers with the receipt', async () => {
    const receipt = await walletClient(account).sendTransactionSync({ to: recipient, value: 1n });
    expect(receipt).toMatchObject({ status: 'success', from: account.address.toLowerCase() });
  });

  test('a used nonce raises NonceTooLowError, too little gas IntrinsicGasTooLowError', async () => {
    await walletClient(account).sendTransaction({ to: recipient, value: 1n });
    await causeOf(walletClient(account).sendTransaction({ to: recipient, value: 2n, nonce: 0 }), NonceTooLowError);
    await causeOf(
      walletClient(account).sendTransaction({ to: recipient, value: 1n, gas: 20_999n }),
      IntrinsicGasTooLowError,
    );
  });
});

describe('reading', () => {
  test('transactions of each type come back as they were signed', async () => {
    const fields = { to: recipient, value: 5n, gas: 60_000n, chainId: CHAIN_ID, data: '0xc0ffee' } as const;
    const accessList = [{ address: recipient, storageKeys: [`0x${'11'.repeat(32)}`] }] as const;
    const requests = [
      { ...fields, type: 'legacy', nonce: 0, gasPrice: 7n },
      { ...fields, type: 'eip2930', nonce: 1, gasPrice: 7n, accessList },
      { ...fields, type: 'eip1559', nonce: 2, maxFeePerGas: 9n, maxPriorityFeePerGas: 4n, accessList },
    ] as const;
    for (const request of requests) {
      const serializedTransaction = await account.signTransaction(request);
      const hash = await publicClient().sendRawTransaction({ serializedTransaction });
      const { data, ...expected } = request;
      expect(await publicClient().getTransaction({ hash })).toMatchObject({
        ...expected,
        hash,
        input: data,
        from: account.address.toLowerCase(),
        transactionIndex: 0,
      });
    }
  });

  test('blocks by tag, number and hash, with hashes or whole transactions, down to genesis', async () => {
    const hash = await walletClient(account).sendTransaction({ to: recipient, value: 1n });
    const latest = await publicClient().getBlock();
    expect(latest.transactions).toEqual([hash]);
    expect(await publicClient().getBlockNumber({ cacheTime: 0 })).toBe(latest.number);
    expect(latest.baseFeePerGas).toBe(0n);
    const byHash = await publicClient().getBlock({ blockHash: latest.hash, includeTransactions: true });
    expect(byHash.transactions[0]).toMatchObject({ hash, blockHash: latest.hash });
    const finalized = await publicClient().getBlock({ blockTag: 'finalized' });
    expect(finalized.hash).toBe(latest.hash);

    const genesis = await publicClient().getBlock({ blockTag: 'earliest' });
    expect(genesis).toMatchObject({
      number: 0n,
      hash: bytesToHex(logId(fakeGenesis)),
      timestamp: BigInt(Math.floor(START_TIME_MS / 1000)),
    });
    expect((await publicClient().getBlock({ blockNumber: 1n })).parentHash).toBe(genesis.hash);
    expect((await publicClient().getBlock({ blockHash: genesis.hash })).number).toBe(0n);
    await expect(publicClient().getBlock({ blockNumber: 1_000_000n })).rejects.toThrow('could not be found');
  });

  test('contracts are read; a revert carries its reason', async () => {
    const read = { abi: erc20Abi, functionName: 'balanceOf', args: [`0x${'c'.repeat(40)}`] } as const;
    expect(await publicClient().readContract({ ...read, address: TOKEN })).toBe(parseEther('100'));
    const reverted = publicClient().readContract({ ...read, address: recipient });
    const cause = await causeOf(reverted, ContractFunctionRevertedError);
    expect(cause.reason).toBe('no such contract');
  });

  test('the chain answers for itself: id, fees, code of the market', async () => {
    const client = publicClient();
    expect(await client.getChainId()).toBe(CHAIN_ID);
    expect(await client.getGasPrice()).toBe(1_000_000_000n);
    expect(await client.estimateFeesPerGas()).toMatchObject({ maxPriorityFeePerGas: 1_000_000_000n });
    expect(await client.getCode({ address: bytesToHex(OPTIONS_MARKET_ADDRESS) })).toBe('0x00');
    expect(await client.getCode({ address: recipient })).toBeUndefined();
    const history = await client.getFeeHistory({ blockCount: 1, rewardPercentiles: [25, 75] });
    expect(history).toMatchObject({ baseFeePerGas: [0n, 0n], reward: [[1_000_000_000n, 1_000_000_000n]] });
  });

  test('a method that is not offered raises MethodNotFoundRpcError', async () => {
    await causeOf(publicClient().createBlockFilter(), MethodNotFoundRpcError);
  });
});
