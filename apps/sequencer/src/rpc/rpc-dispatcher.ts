import { ExecutorReads } from './executor-reads.js';
import { type Call, errorText, readCall } from './json-rpc/call.js';
import { forEachBounded } from './json-rpc/for-each-bounded.js';
import { parseBody } from './json-rpc/parse-body.js';
import { ResponseCollector, responseTooLarge } from './json-rpc/response-collector.js';
import { RpcError, toErrorObject } from './json-rpc/rpc-error.js';
import { BATCH_CONCURRENCY_MAX, OPEN_CALLS_MAX } from './limits.js';
import { type CallContext, METHODS } from './methods/index.js';
import type { RpcBackend } from './rpc-backend.js';
import { assertParamCount, Submissions } from './submissions.js';

export interface RpcDispatcherModules {
  backend: RpcBackend;
  /** Is told of what must not happen: errors whose cause the client is not shown. */
  report: (thrown: unknown) => void;
}

/**
 * Answers the bodies of JSON-RPC requests. The transactions of a body are submitted together, at once; its other calls
 * run beside them, a bounded number at a time. Answers stand in the order of the calls.
 */
export class RpcDispatcher {
  private openCallCount = 0;
  private readonly contexts = new Map<number, CallContext>();

  constructor(private readonly modules: RpcDispatcherModules) {}

  /**
   * Answers a body; rejects never.
   * @param chainId of a rollup that the registry lists
   * @returns JSON, or null when nothing is to be answered: all calls were notifications
   */
  async answer(chainId: number, body: Buffer): Promise<string | null> {
    let callCount = 0;
    try {
      const { isBatch, calls } = parseBody(body);
      if (this.openCallCount + calls.length > OPEN_CALLS_MAX) throw RpcError.busy('too many calls are open');
      this.openCallCount += callCount = calls.length;
      const responses = new ResponseCollector(calls.length, this.modules.report);
      await this.runCalls(chainId, calls, responses);
      return responses.toBody(isBatch);
    } catch (thrown) {
      return errorText(null, toErrorObject(thrown, this.modules.report));
    } finally {
      this.openCallCount -= callCount;
    }
  }

  private async runCalls(chainId: number, calls: readonly unknown[], responses: ResponseCollector): Promise<void> {
    const context = this.contextOf(chainId);
    const submissions = new Submissions(context, responses);
    const others: { index: number; call: Call }[] = [];
    calls.forEach((value, index) => {
      const read = readCall(value);
      if ('error' in read) return responses.fail(index, read.id, read.error);
      const { call } = read;
      if (!Submissions.has(call.method)) return others.push({ index, call });
      try {
        submissions.add(index, call);
      } catch (thrown) {
        responses.fail(index, call.id, thrown);
      }
    });
    const runOthers = forEachBounded(others, BATCH_CONCURRENCY_MAX, ({ index, call }) =>
      run(context, call, index, responses),
    );
    const remaining = await submissions.submit();
    await forEachBounded(remaining, BATCH_CONCURRENCY_MAX, (finish) => finish());
    await runOthers;
  }

  private contextOf(chainId: number): CallContext {
    let context = this.contexts.get(chainId);
    if (!context) {
      const { backend } = this.modules;
      context = { backend, chainId, executor: new ExecutorReads(backend, chainId) };
      this.contexts.set(chainId, context);
    }
    return context;
  }
}

async function run(context: CallContext, call: Call, index: number, responses: ResponseCollector): Promise<void> {
  const { id, method: name, params } = call;
  try {
    const method = METHODS.get(name);
    if (!method) throw RpcError.methodNotFound(name);
    if (responses.isFull) throw responseTooLarge();
    assertParamCount(params, method.paramsMax);
    responses.succeed(index, id, JSON.stringify(await method.run(context, params)));
  } catch (thrown) {
    responses.fail(index, id, thrown);
  }
}
