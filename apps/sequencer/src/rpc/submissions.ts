import { bytesToHex, type Hex } from '#libs/protocol';
import type { Call } from './json-rpc/call.js';
import type { ResponseCollector } from './json-rpc/response-collector.js';
import { RpcCode, RpcError } from './json-rpc/rpc-error.js';
import { SYNC_TIMEOUT_MS, SYNC_TIMEOUT_MS_MAX } from './limits.js';
import type { CallContext } from './methods/index.js';
import { bytesParam, integerParam, refuse } from './params/values.js';

interface Submission {
  /** Place of the call in its body. */
  index: number;
  id: Call['id'];
  raw: Uint8Array;
  /** How long to wait for execution, in ms; null: the hash is answered once durable. */
  syncTimeoutMs: number | null;
}

/**
 * The transactions of one body. They are handed to the sequencer together, so that a batch costs one admission, one
 * recovery and at best one block.
 */
export class Submissions {
  private readonly pending: Submission[] = [];

  constructor(
    private readonly context: CallContext,
    private readonly responses: ResponseCollector,
  ) {}

  /** Whether a method submits a transaction. */
  static has(method: string): boolean {
    return method === 'eth_sendRawTransaction' || method === 'eth_sendRawTransactionSync';
  }

  /** Reads a call that submits. @throws RpcError -32602 */
  add(index: number, { id, method, params }: Call): void {
    const isSync = method === 'eth_sendRawTransactionSync';
    assertParamCount(params, isSync ? 2 : 1);
    const raw = bytesParam(params[0], 'transaction');
    this.pending.push({ index, id, raw, syncTimeoutMs: isSync ? syncTimeoutParam(params[1]) : null });
  }

  /**
   * Submits all and answers each: `eth_sendRawTransaction` with its hash once it is durable.
   * @returns what remains to be done of `eth_sendRawTransactionSync`: each resolves once its call is answered
   */
  async submit(): Promise<(() => Promise<void>)[]> {
    if (this.pending.length === 0) return [];
    const { backend, chainId } = this.context;
    const raws = this.pending.map(({ raw }) => raw);
    try {
      const results = await backend.submitTransactions(chainId, raws);
      return this.pending.flatMap((submission, place) => {
        const { index, id, syncTimeoutMs } = submission;
        const result = results[place];
        if (!result) throw new Error(`submitTransactions gave ${results.length} results for ${raws.length}`);
        if ('error' in result) this.responses.fail(index, id, result.error);
        else if (syncTimeoutMs === null) this.responses.succeed(index, id, `"${bytesToHex(result.hash)}"`);
        else return [() => this.awaitReceipt(index, id, bytesToHex(result.hash), syncTimeoutMs)];
        return [];
      });
    } catch (thrown) {
      for (const { index, id } of this.pending) this.responses.fail(index, id, thrown);
      return [];
    }
  }

  /** EIP-7966: the receipt, or error 4 with the hash when execution takes longer than the client wants to wait. */
  private async awaitReceipt(index: number, id: Call['id'], hash: Hex, timeoutMs: number): Promise<void> {
    let receipt: unknown = null;
    try {
      receipt = await this.context.executor.receipt(hash, timeoutMs);
    } catch {
      // The transaction is durable all the same, and the client must learn its hash.
    }
    if (receipt !== null) return this.responses.succeed(index, id, JSON.stringify(receipt));
    const message = `the transaction is in the log but was not executed within ${timeoutMs} ms; ask for its receipt`;
    this.responses.fail(
      index,
      id,
      new RpcError({ code: 'SYNC_TIMEOUT', rpcCode: RpcCode.SYNC_TIMEOUT, data: hash }, message),
    );
  }
}

/** Refuses more parameters than a method takes. */
export function assertParamCount(params: readonly unknown[], paramsMax: number): void {
  if (params.length <= paramsMax) return;
  throw RpcError.invalidParams('params', `too many arguments, want at most ${paramsMax}, got ${params.length}`);
}

function syncTimeoutParam(value: unknown): number {
  if (value === undefined || value === null) return SYNC_TIMEOUT_MS;
  const timeoutMs = integerParam(value, 'timeoutMs', 64);
  if (timeoutMs === 0n) return refuse('timeoutMs', 'a positive number of milliseconds', value);
  return Number(timeoutMs > SYNC_TIMEOUT_MS_MAX ? SYNC_TIMEOUT_MS_MAX : timeoutMs);
}
