import type { Hex } from '#libs/protocol';
import { RpcError } from './json-rpc/rpc-error.js';
import type { CallRequest } from './params/call-request.js';
import type { RpcBackend } from './rpc-backend.js';

/** How long an answer may take beyond what was asked to be waited, in ms. */
const READ_TIMEOUT_MS = 2_000;

/**
 * What the JSON-RPC server asks a rollup's executor: the one place that knows the shape of `read.<chainId>`. Methods
 * bear Ethereum's names, parameters are named, answers are Ethereum's JSON (quantities and bytes as hex).
 *
 * `minBlock` is the newest durable block: the executor answers once it has applied that, so whoever was told that a
 * transaction is durable reads a state that has it.
 */
export class ExecutorReads {
  constructor(
    private readonly backend: RpcBackend,
    private readonly chainId: number,
  ) {}

  /** Balance in the native asset, a hex quantity. */
  balance(address: Hex): Promise<Hex> {
    return this.read('eth_getBalance', { address });
  }

  /** Transactions of an account that were executed, a hex quantity. */
  transactionCount(address: Hex): Promise<Hex> {
    return this.read('eth_getTransactionCount', { address });
  }

  /** What a call returns, as hex. Rejects with code 3 and the revert's data when it reverts. */
  call(request: CallRequest): Promise<Hex> {
    return this.read('eth_call', { ...request });
  }

  /** The gas that a transaction takes, a hex quantity. */
  estimateGas(request: CallRequest): Promise<Hex> {
    return this.read('eth_estimateGas', { ...request });
  }

  /**
   * The receipt of a transaction, in Ethereum's JSON; null when it was not executed.
   * @param waitMs how long the executor waits for it
   */
  async receipt(hash: Hex, waitMs?: number): Promise<Record<string, unknown> | null> {
    const params = waitMs === undefined ? { hash } : { hash, waitMs };
    const receipt = await this.backend.readExecutor(
      this.chainId,
      'eth_getTransactionReceipt',
      params,
      READ_TIMEOUT_MS + (waitMs ?? 0),
    );
    return (receipt ?? null) as Record<string, unknown> | null;
  }

  private async read(method: string, params: Record<string, unknown>): Promise<Hex> {
    const minBlock = this.backend.head().number;
    const answer = await this.backend.readExecutor(this.chainId, method, { ...params, minBlock }, READ_TIMEOUT_MS);
    if (typeof answer === 'string' && answer.startsWith('0x')) return answer as Hex;
    throw new RpcError(
      { code: 'EXECUTOR_ANSWER', rpcCode: -32603 },
      `the executor of rollup ${this.chainId} gave no usable answer to ${method}`,
    );
  }
}
