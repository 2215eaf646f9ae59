import { SupervisedProcess } from './supervised-process.js';
import { StopPhase } from './watchdog-client.js';

const GRACE_MS = 5_000;

export interface SpawnNodeOptions {
  /** For messages. */
  name: string;
  /** Path of a JavaScript file. */
  script: string;
  args?: readonly string[];
  /** Added to this process's environment. */
  env?: Record<string, string | undefined>;
  /** Gets every line of both streams appended. */
  logFile?: string;
  onLine?: (line: string) => void;
}

/**
 * Starts one of our own Node processes. It shares our fate if it calls `exitWithParent()` of libs/runtime at its start
 * (an IPC channel is open, LOCKSTEP_EXIT_WITH_PARENT=1 is set); one that does not is stopped by the watchdog.
 *
 * @throws ServerError `process_start_failed`
 */
export function spawnNode({ name, script, args = [], env = {}, logFile, onLine }: SpawnNodeOptions): SupervisedProcess {
  return new SupervisedProcess({
    name,
    command: process.execPath,
    args: [script, ...args],
    env: { ...process.env, ...env, LOCKSTEP_EXIT_WITH_PARENT: '1' },
    ipc: true,
    stopSignal: 'SIGTERM',
    graceMs: GRACE_MS,
    stopPhase: StopPhase.Processes,
    ...(logFile === undefined ? {} : { logFile }),
    ...(onLine === undefined ? {} : { onLine }),
  });
}
