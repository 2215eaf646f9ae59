import type { ExecutorReads } from '../executor-reads.js';
import type { RpcBackend } from '../rpc-backend.js';

/** What a method knows besides its parameters. */
export interface CallContext {
  backend: RpcBackend;
  /** The rollup in the request's path. */
  chainId: number;
  executor: ExecutorReads;
}

/** One JSON-RPC method. */
export interface Method {
  /** Parameters it takes; more are refused. */
  paramsMax: number;
  /** Gives what JSON.stringify makes the result of. Throws a LockstepError whose type says the JSON-RPC code. */
  run(context: CallContext, params: readonly unknown[]): unknown;
}

/** Methods by name. */
export type MethodTable = Record<string, Method>;
