import { commandLine, isProcessAlive, processStartTime, sendSignal } from './process-identity.js';
import { holdsWithin } from './wait-until.js';

const STEP_TIMEOUT_MS = 5_000;

/**
 * Stops a server that an earlier run left behind (it and its watchdog were killed). Only for a caller who holds the
 * lock of the server's data directory, so that nobody else can be using it.
 *
 * @param pid as the earlier run recorded it
 * @param isOurs told its command line and start time, says whether it is our server or another program by now
 * @param signals tried one after the other, 5 s each, the last being SIGKILL
 * @returns `none` where no process has the pid, `other` where another program has it, `stopped`
 */
export async function stopOrphan(
  pid: number,
  isOurs: (commandLine: string, startTime: string) => boolean,
  signals: readonly NodeJS.Signals[],
): Promise<'none' | 'other' | 'stopped'> {
  const startTime = processStartTime(pid);
  if (startTime === undefined) return 'none';
  if (!isOurs(commandLine(pid) ?? '', startTime)) return 'other';
  for (const signal of signals) {
    sendSignal(pid, signal);
    sendSignal(pid, 'SIGCONT');
    if (await holdsWithin(() => !isProcessAlive(pid, startTime), STEP_TIMEOUT_MS)) return 'stopped';
  }
  throw new Error(`process ${pid} of an earlier run does not end`);
}
