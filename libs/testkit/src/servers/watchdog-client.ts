import { type ChildProcess, spawn } from 'node:child_process';
import { type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { processStartTime } from './process-identity.js';

/** Which of the guarded processes are stopped first when this process dies. */
export enum StopPhase {
  /** Our own Node processes: they may still need the servers to end well. */
  Processes = 0,
  Servers = 1,
}

export interface GuardOptions {
  /** Asks the process to end. */
  signal: NodeJS.Signals;
  /** How long it may take until SIGKILL, in ms. */
  graceMs: number;
  phase: StopPhase;
}

interface Guarded extends GuardOptions {
  pid: number;
  startTime: string | undefined;
}

const guarded = new Map<number, Guarded>();
let watchdog: ChildProcess | undefined;

/**
 * Has a child process stopped when this process ends in any way, SIGKILL included.
 *
 * One helper process (watchdog.js) does it for all children of this process. It ends with this process and does not
 * keep it alive; if it is killed it is started again.
 *
 * @param pid of a running child
 * @param options see {@link GuardOptions}
 * @returns takes the guard away; to be called when the child has ended
 */
export function guardChild(pid: number, options: GuardOptions): () => void {
  guarded.set(pid, { pid, startTime: processStartTime(pid), ...options });
  if (watchdog === undefined) startWatchdog();
  else order(guardOrder(pid));
  return () => {
    if (guarded.delete(pid)) order({ op: 'release', pid });
  };
}

/** The pid of the helper process, for tests; undefined where none runs. */
export function watchdogPid(): number | undefined {
  return watchdog?.pid;
}

function startWatchdog(): void {
  const script = fileURLToPath(new URL('./watchdog.js', import.meta.url));
  // A session of its own: neither the terminal's Ctrl-C nor a kill of our process group reaches it.
  const child = spawn(process.execPath, [script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: { PATH: process.env.PATH },
  });
  watchdog = child;
  child.unref();
  (child.stdin as Socket).unref();
  child.stdin.on('error', () => undefined); // 'exit' deals with it
  child.on('error', () => undefined);
  child.on('exit', () => {
    watchdog = undefined;
    if (guarded.size > 0) startWatchdog();
  });
  for (const pid of guarded.keys()) order(guardOrder(pid));
}

function guardOrder(pid: number): object {
  return { op: 'guard', ...guarded.get(pid) };
}

function order(what: object): void {
  watchdog?.stdin?.write(`${JSON.stringify(what)}\n`);
}
