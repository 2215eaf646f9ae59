import { bytesToHex } from '#libs/protocol';
import type { Executor } from '../engine/executor.js';
import {
  bytesParam,
  dataParam,
  isObject,
  paramList,
  quantityParam,
  readTiming,
  type ReadTiming,
  toQuantity,
} from './params.js';
import { ADMIN_READS } from './admin-reads.js';
import { ReadError, ReadErrorCode } from './read-error.js';
import { getLogs } from './get-logs.js';
import { receiptJson } from './receipt-json.js';
import { ownerJson, placeJson, stateJson } from './state-json.js';

/** A request on `read.<chainId>`. */
export interface ReadRequest {
  method?: unknown;
  params?: unknown;
}

/** The answer: what JSON-RPC calls `result` or `error`. */
export type ReadAnswer = { result: unknown } | { error: { code: number; message: string; data?: unknown } };

type ReadMethod = (executor: Executor, params: unknown[], timing: ReadTiming) => unknown;

const TIMEOUT_MS = 5_000;
const TIMEOUT_MS_MAX = 60_000;
const NO_ADDRESS = '0x0000000000000000000000000000000000000000';

const METHODS: Record<string, ReadMethod> = {
  ...Object.fromEntries(
    Object.entries(ADMIN_READS).map(([method, run]): [string, ReadMethod] => [
      method,
      (executor, [params]) => run(executor, isObject(params) ? params : {}),
    ]),
  ),
  eth_getLogs: getLogs,
  eth_getBalance: ({ ledger, genesis }, [owner]) =>
    toQuantity(ledger.balanceOf(bytesParam(owner, 20, 'address'), genesis.nativeAsset).available),
  eth_getTransactionCount: ({ ledger }, [owner]) => toQuantity(ledger.nonceOf(bytesParam(owner, 20, 'address'))),
  eth_call: ({ ledger }, [call]) => {
    const { from, to, data, value } = callParam(call);
    const result = ledger.call(from, to, data, value);
    if (!result.ok) throw reverted(result);
    return bytesToHex(result.data);
  },
  eth_estimateGas: ({ ledger }, [call]) => {
    const result = ledger.estimateGas(callParam(call));
    if (!result.ok) throw reverted(result);
    return toQuantity(result.gas);
  },
  eth_getTransactionReceipt: (executor, [hash], { waitMs = 0 }) =>
    receipt(executor, bytesParam(hash, 32, 'transaction hash'), Math.min(waitMs, TIMEOUT_MS_MAX)),
  lockstep_executorStatus: (executor) => executor.describe(),
  lockstep_waitForHeight: ({ ledger }) => placeJson(ledger),
  lockstep_balances: ({ ledger }, [owner]) => ownerJson(ledger, bytesParam(owner, 20, 'owner')),
  lockstep_state: (executor, params) => {
    const options = params.at(-1);
    return stateJson(executor.ledger, executor.stateRoot(), isObject(options) && options.rows === true);
  },
};

/** Answers one read. Never throws. */
export async function answerRead(executor: Executor, request: unknown): Promise<ReadAnswer> {
  try {
    return { result: await read(executor, request) };
  } catch (error) {
    if (error instanceof ReadError) {
      const { code, message, data } = error;
      return { error: { code, message, ...(data === undefined ? {} : { data }) } };
    }
    return { error: { code: ReadErrorCode.internal, message: (error as Error).message } };
  }
}

async function read(executor: Executor, request: unknown): Promise<unknown> {
  const { method, params, ...rest }: ReadRequest & Record<string, unknown> = isObject(request) ? request : {};
  const run = typeof method === 'string' && Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (!run) throw new ReadError(ReadErrorCode.methodNotFound, `the executor does not know ${JSON.stringify(method)}`);
  await executor.whole();
  const list = paramList(params);
  const timing = readTiming(rest, list);
  return atHeight(executor, timing, () => run(executor, list, timing));
}

/** Runs a read when its height has come: at once, or right after the block was applied. */
async function atHeight<T>(executor: Executor, timing: ReadTiming, run: () => T): Promise<Awaited<T>> {
  const { minHeight, height } = timing;
  const wanted = height ?? minHeight;
  // A block that is applied but not yet stored does not count: a crash could take it back.
  if (wanted === undefined || wanted <= executor.cursor.number) {
    const { number } = executor.ledger;
    if (height === undefined || height === number) return await run();
    throw new ReadError(ReadErrorCode.heightNotAvailable, `block ${height} is past; the executor stands at ${number}`);
  }
  const timeoutMs = Math.min(timing.timeoutMs ?? TIMEOUT_MS, TIMEOUT_MS_MAX);
  let outcome: { value: T } | null = null;
  let failure: unknown = null;
  const came = await waitFor(timeoutMs, (done) =>
    executor.heights.add(wanted, () => {
      try {
        outcome = { value: run() };
      } catch (error) {
        failure = error;
      }
      done();
    }),
  );
  if (failure) throw failure as Error;
  if (came && outcome) return await (outcome as { value: T }).value;
  throw new ReadError(
    ReadErrorCode.heightNotAvailable,
    `block ${wanted} was not applied within ${timeoutMs} ms; the executor stands at ${executor.cursor.number}`,
  );
}

async function receipt(executor: Executor, hash: Uint8Array, waitMs: number): Promise<unknown> {
  const find = async (): Promise<unknown> => {
    const found = await executor.store.receipt(hash);
    return found && receiptJson(found);
  };
  if (waitMs === 0) return find();
  let found: unknown = null;
  // Waiting begins before the look, so a receipt that is stored between the two is not missed.
  await waitFor(waitMs, (done) => {
    const cancel = executor.receipts.add(hash, done);
    if (cancel) void find().then((early) => (found = early) && done());
    return cancel;
  });
  return found ?? find();
}

/** @returns whether `start` called its argument in time */
async function waitFor(timeoutMs: number, start: (done: () => void) => (() => void) | null): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(false), timeoutMs);
    const finish = (came: boolean): void => {
      clearTimeout(timer);
      cancel?.();
      resolve(came);
    };
    const cancel = start(() => finish(true));
    if (cancel) return;
    clearTimeout(timer);
    reject(new ReadError(ReadErrorCode.limitExceeded, 'too many reads are waiting'));
  });
}

function callParam(call: unknown): { from: Uint8Array; to: Uint8Array | null; data: Uint8Array; value: bigint } {
  if (!isObject(call)) throw ReadError.params('the call must be an object with to, data, …');
  const { from, to, value, input, data } = call;
  return {
    from: bytesParam(from ?? NO_ADDRESS, 20, 'from'),
    to: to === undefined || to === null ? null : bytesParam(to, 20, 'to'),
    data: dataParam(input ?? data, 'data'),
    value: quantityParam(value, 'value'),
  };
}

function reverted({ reason, data }: { reason: string; data: Uint8Array }): ReadError {
  return new ReadError(ReadErrorCode.executionReverted, `execution reverted: ${reason}`, bytesToHex(data));
}
