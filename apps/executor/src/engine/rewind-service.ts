import { recoverAddress } from '#libs/crypto';
import type { ReplaySource } from '#libs/executor-sdk';
import type { NatsConnection, SubscriptionOptions } from '#libs/messaging';
import { adminSubject, bytesToHex, LockstepError } from '#libs/protocol';
import type { Logger } from '#libs/runtime';
import { ExecutorError } from '../errors.js';
import type { ExecutorStore } from '../store/executor-store.js';
import type { Executor } from './executor.js';
import { checkRewind, describeAncestor, findAncestor } from './rewind.js';

export interface RewindModules {
  nats: NatsConnection;
  source: ReplaySource;
  logger: Logger;
  /** Starts the executor anew, from a store that has been emptied. */
  restart: () => void;
}

/** What of an executor a rewind needs. */
export type RewoundExecutor = Pick<Executor, 'cursor' | 'halted' | 'options' | 'whole'> & {
  store: Pick<ExecutorStore, 'blockHash' | 'beginRewind'>;
};

/** Where an executor takes its order to rewind. @param key its address */
export const rewindSubject = (chainId: number, key: Uint8Array): string =>
  adminSubject(`executor.rewind.${chainId}.${bytesToHex(key)}`);

/**
 * Takes the operator's order to roll back to a block that both branches of a restored log share (I11). The state there is
 * made by replay from genesis, so it is verified as any other; the order is answered before that begins.
 * @param keys addresses of the executor's keys: orders to any of them are for it
 * @returns what ends the service
 */
export function serveRewind(
  executor: RewoundExecutor,
  keys: readonly Uint8Array[],
  modules: RewindModules,
): () => void {
  const { nats, logger, source, restart } = modules;
  let isUnderWay = false;
  const rewind = async (bytes: Uint8Array): Promise<object> => {
    const { cursor, store } = executor;
    const target = checkRewind(bytes, cursor, recoverAddress, Date.now());
    assertHalted(executor);
    const ancestor = await findAncestor(store, source, cursor, target);
    await executor.whole();
    await store.beginRewind(ancestor);
    logger.warn({ from: cursor.number, to: ancestor.number }, 'rewinds by order of the operator');
    return describeAncestor(ancestor);
  };
  // One order at a time, from its first step on: a second one would find a store that is being emptied.
  const obey = async (bytes: Uint8Array): Promise<{ answer: object; isDone: boolean }> => {
    if (isUnderWay) return { answer: refusal(underWay()), isDone: false };
    isUnderWay = true;
    try {
      return { answer: await rewind(bytes), isDone: true };
    } catch (thrown) {
      isUnderWay = false;
      return { answer: refusal(thrown), isDone: false };
    }
  };
  const serve = async (message: { data: Uint8Array; respond(answer: string): boolean }): Promise<void> => {
    const { answer, isDone } = await obey(message.data);
    try {
      message.respond(JSON.stringify(answer));
      await nats.flush();
    } catch (err) {
      logger.warn({ err }, 'the order to rewind could not be answered');
    }
    if (isDone) restart();
  };
  const options: SubscriptionOptions = {
    callback: (error, message) => {
      if (!error) void serve(message);
    },
  };
  const subscriptions = keys.map((key) => nats.subscribe(rewindSubject(executor.options.chainId, key), options));
  return () => subscriptions.forEach((subscription) => subscription.unsubscribe());
}

function refusal(thrown: unknown): object {
  const code = thrown instanceof LockstepError ? (thrown.type as { code: string }).code : 'UNEXPECTED';
  return { error: { code, message: thrown instanceof Error ? thrown.message : String(thrown) } };
}

const underWay = (): ExecutorError =>
  new ExecutorError(
    { code: 'REWIND_REFUSED', reason: 'under way' },
    'The executor does not take this order: it is at work on an earlier one to rewind.',
    'Wait until it follows the log again; then see whether there is something left to order.',
  );

/** One that follows has nothing to give up, and would go on writing to its store. */
function assertHalted({ halted, cursor }: RewoundExecutor): void {
  if (halted) return;
  throw new ExecutorError(
    { code: 'REWIND_REFUSED', reason: 'not halted' },
    `The executor does not rewind: it is not halted but follows the log at block ${cursor.number}.`,
    'An executor that is ahead of a restored log halts at the first block it gets of it; wait for that.',
  );
}
