import { recoverAddress } from '#libs/crypto';
import type { ReplaySource } from '#libs/executor-sdk';
import type { NatsConnection } from '#libs/messaging';
import { adminSubject, bytesToHex, LockstepError } from '#libs/protocol';
import type { Logger } from '#libs/runtime';
import { ExecutorError } from '../errors.js';
import type { Executor } from './executor.js';
import { checkRewind, describeAncestor, findAncestor } from './rewind.js';

export interface RewindModules {
  nats: NatsConnection;
  source: ReplaySource;
  logger: Logger;
  /** Starts the executor anew, from a store that has been emptied. */
  restart: () => void;
}

/** Where an executor takes its order to rewind. @param key its address */
export const rewindSubject = (chainId: number, key: Uint8Array): string =>
  adminSubject(`executor.rewind.${chainId}.${bytesToHex(key)}`);

/**
 * Takes the operator's order to roll back to a block that both branches of a restored log share (I11). The state there is
 * made by replay from genesis, so it is verified as any other; the order is answered before that begins.
 * @returns what ends the service
 */
export function serveRewind(executor: Executor, key: Uint8Array, modules: RewindModules): () => void {
  const { nats, logger, source, restart } = modules;
  let isRewinding = false;
  const rewind = async (bytes: Uint8Array): Promise<object> => {
    const { cursor, store } = executor;
    const target = checkRewind(bytes, cursor, recoverAddress, Date.now());
    assertHalted(executor);
    const ancestor = await findAncestor(store, source, cursor, target);
    await executor.whole();
    await store.beginRewind(ancestor);
    isRewinding = true;
    logger.warn({ from: cursor.number, to: ancestor.number }, 'rewinds by order of the operator');
    return describeAncestor(ancestor);
  };
  const subscription = nats.subscribe(rewindSubject(executor.options.chainId, key), {
    callback: (error, message) => {
      if (error || isRewinding) return;
      rewind(message.data)
        .catch((thrown: unknown) => refusal(thrown))
        .then(async (answer) => {
          message.respond(JSON.stringify(answer));
          if (!isRewinding) return;
          await nats.flush().catch(() => undefined);
          restart();
        })
        .catch((err: unknown) => logger.error({ err }, 'the rewind failed'));
    },
  });
  return () => subscription.unsubscribe();
}

function refusal(thrown: unknown): object {
  const code = thrown instanceof LockstepError ? (thrown.type as { code: string }).code : 'UNEXPECTED';
  return { error: { code, message: thrown instanceof Error ? thrown.message : String(thrown) } };
}

/** One that follows has nothing to give up, and would go on writing to its store. */
function assertHalted({ halted, cursor }: Executor): void {
  if (halted) return;
  throw new ExecutorError(
    { code: 'REWIND_REFUSED', reason: 'not halted' },
    `The executor does not rewind: it is not halted but follows the log at block ${cursor.number}.`,
    'An executor that is ahead of a restored log halts at the first block it gets of it; wait for that.',
  );
}
