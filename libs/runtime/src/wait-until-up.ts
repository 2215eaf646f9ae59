import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.js';

const RETRY_MS = 500;

export interface WaitOptions {
  /** What is waited for, as in `Postgres`. */
  what: string;
  /** Whether an error means that it is only away. Any other ends the wait at once. */
  isAway: (thrown: unknown) => boolean;
  logger: Pick<Logger, 'warn' | 'info'>;
  signal: AbortSignal;
  /** Pause between two tries, in ms; half a second by default. */
  retryMs?: number;
}

/**
 * Does what needs a server that may come later, again and again until it succeeds. The same trouble is logged once.
 * @throws what `work` throws when it is not for the server being away; the signal's reason once that is raised
 */
export async function waitUntilUp<T>(work: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { what, isAway, logger, signal, retryMs = RETRY_MS } = options;
  let said = '';
  for (;;) {
    signal.throwIfAborted();
    try {
      const result = await work();
      if (said) logger.info(`${what} is there`);
      return result;
    } catch (thrown) {
      if (!isAway(thrown)) throw thrown;
      const reason = reasonOf(thrown);
      if (reason !== said) logger.warn({ reason }, `${what} is not there yet; waiting for it`);
      said = reason;
    }
    await delay(retryMs, undefined, { signal });
  }
}

/** Node's error for a name with several addresses has a message of its own for each of them alone. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && !thrown.message) return thrown.errors.map(reasonOf).join('; ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
