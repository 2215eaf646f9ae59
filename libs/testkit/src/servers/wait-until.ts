import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until a condition holds, looking every few ms.
 *
 * @param condition may be asynchronous
 * @param timeoutMs how long at most
 * @returns whether it came to hold in time
 */
export async function holdsWithin(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  pollMs = 20,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= end) return false;
    await delay(pollMs);
  }
}
