import type { Hex } from '#libs/protocol';
import { RpcCode, RpcError } from './json-rpc/rpc-error.js';
import type { CallRequest } from './params/call-request.js';
import type { LogQuery } from './params/log-query.js';
import type { RpcBackend } from './rpc-backend.js';

/** Some logs in Ethereum's JSON, and where the search goes on; null at its end. */
export interface LogPage {
  logs: Record<string, unknown>[];
  next: { block: number; logIndex: number } | null;
}

/** How long an executor may take to come to the newest block, in ms. */
const CATCH_UP_MS = 2_000;
/** How long an answer may be on its way beyond what the executor may wait, in ms. */
const TRANSIT_MS = 2_000;

/**
 * What the JSON-RPC server asks a rollup's executor: the one place that knows the shape of `read.<chainId>`. Methods,
 * parameters and answers are Ethereum's JSON (quantities and bytes as hex); an object behind the parameters says when to
 * answer: once the block `minHeight` is applied, waiting `timeoutMs` at most.
 *
 * Every read of state asks for the newest durable block, so whoever was told that a transaction is durable reads a
 * state that has it.
 */
export class ExecutorReads {
  constructor(
    private readonly backend: RpcBackend,
    private readonly chainId: number,
  ) {}

  /** Balance in the native asset, a hex quantity. */
  balance(address: Hex): Promise<Hex> {
    return this.read('eth_getBalance', address);
  }

  /** Transactions of an account that were executed, a hex quantity. */
  transactionCount(address: Hex): Promise<Hex> {
    return this.read('eth_getTransactionCount', address);
  }

  /** What a call returns, as hex. Rejects with code 3 and the revert's data when it reverts. */
  call(request: CallRequest): Promise<Hex> {
    return this.read('eth_call', request);
  }

  /** The gas that a transaction takes, a hex quantity. */
  estimateGas(request: CallRequest): Promise<Hex> {
    return this.read('eth_estimateGas', request);
  }

  /**
   * The receipt of a transaction, in Ethereum's JSON; null when it was not executed.
   * @param waitMs how long the executor waits for it
   */
  async receipt(hash: Hex, waitMs = 0): Promise<Record<string, unknown> | null> {
    const params = waitMs === 0 ? [hash] : [hash, { waitMs }];
    const timeoutMs = waitMs + TRANSIT_MS;
    const answer = await this.backend.readExecutor(this.chainId, 'eth_getTransactionReceipt', params, timeoutMs);
    return (answer ?? null) as Record<string, unknown> | null;
  }

  /** A page of logs, from a block and a place among its logs on; once the range's last block is applied. */
  async logs({ to, address, topics }: LogQuery, from: { block: number; logIndex: number }): Promise<LogPage> {
    const range = { from: from.block, fromLogIndex: from.logIndex, to, address, topics };
    const params = [range, { minHeight: to, timeoutMs: CATCH_UP_MS }];
    const answer = await this.backend.readExecutor(this.chainId, 'eth_getLogs', params, CATCH_UP_MS + TRANSIT_MS);
    const page = answer as Partial<LogPage> | null;
    if (Array.isArray(page?.logs) && page.next !== undefined) return page as LogPage;
    throw this.unusable('eth_getLogs');
  }

  private async read(method: string, param: Hex | CallRequest): Promise<Hex> {
    const timing = { minHeight: this.backend.head().number, timeoutMs: CATCH_UP_MS };
    const timeoutMs = CATCH_UP_MS + TRANSIT_MS;
    const answer = await this.backend.readExecutor(this.chainId, method, [param, timing], timeoutMs);
    if (typeof answer === 'string' && answer.startsWith('0x')) return answer as Hex;
    throw this.unusable(method);
  }

  private unusable(method: string): RpcError {
    return new RpcError(
      { code: 'EXECUTOR_ANSWER', rpcCode: RpcCode.INTERNAL },
      `the executor of rollup ${this.chainId} gave no usable answer to ${method}`,
    );
  }
}
