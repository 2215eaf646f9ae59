import { holdsWithin } from '../servers/wait-until.js';

/**
 * Waits until a condition holds.
 * @throws Error naming what was waited for after `timeoutMs`; whatever the condition throws, at once
 */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeoutMs: number,
): Promise<void> {
  if (!(await holdsWithin(condition, timeoutMs))) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
}
