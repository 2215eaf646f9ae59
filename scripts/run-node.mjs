// Runs a compiled program as if it were this process: its output is ours, so are signals and exit code.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './prepare.mjs';

/**
 * A Ctrl-C in the terminal reaches the child by itself, so it is forwarded only where there is no terminal; other
 * signals always are. The child is told to end when we are gone (LOCKSTEP_EXIT_WITH_PARENT, by the IPC channel).
 *
 * @param {string} script from the root
 * @param {string[]} args
 * @returns {Promise<number>} the exit code, 128 + n where signal n ended it
 */
export function runNode(script, args) {
  const child = spawn(process.execPath, [join(ROOT, script), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, LOCKSTEP_EXIT_WITH_PARENT: '1' },
  });
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.on('SIGINT', () => hasTerminal || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
