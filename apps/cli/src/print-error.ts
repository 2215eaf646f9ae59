import { describeRefusal } from '#libs/persistence';
import { LockstepError } from '#libs/protocol';
import { red } from './console.js';

/** Says on standard error what went wrong and, where the error knows, what to do. */
export function printError(thrown: unknown): void {
  const described = describeRefusal(thrown);
  const error = described instanceof Error ? described : new Error(String(described));
  // Errors that a user can meet say what to do; of others the place is worth more.
  const advice = 'advice' in error && typeof error.advice === 'string' ? error.advice : null;
  const expected = advice !== null || error instanceof LockstepError;
  process.stderr.write(`${red('error:')} ${expected ? error.message : (error.stack ?? error.message)}\n`);
  if (advice && !error.message.includes(advice)) process.stderr.write(`${advice}\n`);
}
