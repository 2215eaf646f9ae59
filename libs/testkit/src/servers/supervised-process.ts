import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { type Readable } from 'node:stream';
import { ServerError } from './errors.js';
import { LineBuffer, type LinePattern } from './line-buffer.js';
import { sendSignal } from './process-identity.js';
import { guardChild, type StopPhase } from './watchdog-client.js';

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface SuperviseOptions {
  /** For messages. */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment of the process. */
  env: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** Opens an IPC channel that closes when either side dies. Node processes only. */
  ipc?: boolean;
  /** Asks the process to end. */
  stopSignal: NodeJS.Signals;
  /** How long it may take to end after this process died, in ms. */
  graceMs: number;
  stopPhase: StopPhase;
  /** Gets every line of both streams appended; its directory is made. */
  logFile?: string;
  onLine?: (line: string) => void;
}

const STOP_TIMEOUT_MS = 10_000;
/** A grandchild may hold the output open after the process itself has ended. */
const OUTPUT_AFTER_EXIT_MS = 1_000;

/**
 * A child process under our control:
 *
 *     running ⇄ paused
 *        └───┬───┘ ends by itself, stop() or kill()
 *          exited
 *
 * It has a process group and session of its own, so a Ctrl-C in the terminal reaches only us; we stop it. Should we
 * die without doing so, the watchdog does.
 */
export class SupervisedProcess {
  readonly pid: number;
  /** Gives how it ended, once its output has been read to the end. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  private exit: ProcessExit | undefined;
  private readonly lines: LineBuffer;
  private readonly child: ChildProcess;

  /** @throws ServerError `process_start_failed` where the program cannot be run */
  constructor(private readonly options: SuperviseOptions) {
    const child = start(options);
    this.child = child;
    this.pid = child.pid as number;
    this.lines = new LineBuffer(options.name);
    const release = guardChild(this.pid, {
      signal: options.stopSignal,
      graceMs: options.graceMs,
      phase: options.stopPhase,
    });
    this.readOutput(child);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.exit = { code, signal };
        release();
        const finish = (): void => {
          clearTimeout(timer);
          this.lines.end();
          resolve({ code, signal });
        };
        const timer = setTimeout(finish, OUTPUT_AFTER_EXIT_MS);
        child.once('close', finish);
      });
    });
  }

  get hasExited(): boolean {
    return this.exit !== undefined;
  }

  /**
   * Asks the process to end and waits; SIGKILL to its group when the time has passed. A paused one is resumed first.
   *
   * @param timeoutMs how long it may take
   * @returns how it ended; at once where it had ended before
   */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<ProcessExit> {
    if (!this.hasExited) {
      this.kill(this.options.stopSignal);
      this.resume();
      const timer = setTimeout(() => sendSignal(-this.pid, 'SIGKILL'), timeoutMs);
      void this.exited.then(() => clearTimeout(timer));
    }
    return this.exited;
  }

  /** Sends a signal to the process alone, and does not wait. Nothing happens where it has ended. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (!this.hasExited) sendSignal(this.pid, signal);
  }

  /** Freezes the process (SIGSTOP). */
  pause(): void {
    this.kill('SIGSTOP');
  }

  /** Lets a frozen process go on (SIGCONT). */
  resume(): void {
    this.kill('SIGCONT');
  }

  /** Sends a message over the IPC channel, where one was opened. Nothing happens where the process has ended. */
  send(message: object): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  /** Hands on what the process sends over the IPC channel. */
  onMessage(listener: (message: unknown) => void): void {
    this.child.on('message', listener);
  }

  /**
   * Waits for a line of either stream, among the last 500 or to come.
   *
   * @throws ServerError `line_not_seen` when the time has passed or the process has ended without it
   */
  waitForLine(pattern: LinePattern, timeoutMs: number): Promise<string> {
    return this.lines.waitFor(pattern, timeoutMs);
  }

  /** The newest lines of both streams, oldest first, at most 500. */
  lastLines(count: number): string[] {
    return this.lines.last(count);
  }

  private readOutput(child: ChildProcess): void {
    const { logFile, onLine } = this.options;
    if (logFile !== undefined) mkdirSync(dirname(logFile), { recursive: true });
    const file = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
    file?.on('error', () => undefined); // a full disk must not end us
    for (const stream of [child.stdout, child.stderr] as Readable[]) {
      createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
        this.lines.push(line);
        file?.write(`${line}\n`);
        onLine?.(line);
      });
    }
    child.once('close', () => file?.end());
  }
}

function start({ name, command, args, env, cwd, uid, gid, ipc = false }: SuperviseOptions): ChildProcess {
  const child = spawn(command, args, {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
  });
  child.on('error', () => undefined); // 'exit' or the missing pid below tell
  if (child.pid === undefined) {
    throw new ServerError(
      'process_start_failed',
      `${name} could not be started: ${command} cannot be run.`,
      'Check that the file exists and is executable.',
    );
  }
  return child;
}
