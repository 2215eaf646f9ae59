const STOP_TIMEOUT_MS = 4_000;

export interface ExitWithParentOptions {
  /** How long `stop` may take before the process exits regardless, in ms. */
  timeoutMs?: number;
  /** Exit code then. */
  exitCode?: number;
}

/**
 * Makes this process end when the process that started it is gone, even by SIGKILL. To be called once, early.
 *
 * It does something only if LOCKSTEP_EXIT_WITH_PARENT=1. The parent's death is seen by the end of the IPC channel if
 * there is one (`spawnNode` of libs/testkit and scripts/start.mjs open it), else by the end of standard input, which
 * the parent has to hold open as a pipe. Neither keeps this process alive.
 *
 * @param stop ends the work in good order; the process exits when it has ended, failed, or taken too long
 */
export function exitWithParent(
  stop: () => Promise<void> | void,
  { timeoutMs = STOP_TIMEOUT_MS, exitCode = 1 }: ExitWithParentOptions = {},
): void {
  if (process.env.LOCKSTEP_EXIT_WITH_PARENT !== '1') return;
  // Nobody reads our output any more once the parent is gone, and that must not disturb the stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  let isLeaving = false;
  const leave = (): void => {
    if (isLeaving) return;
    isLeaving = true;
    setTimeout(() => process.exit(exitCode), timeoutMs);
    void Promise.resolve()
      .then(stop)
      .catch(() => undefined)
      .then(() => process.exit(exitCode));
  };
  // `send` stays when the channel has closed, so a parent that died before this call is noticed too.
  if (typeof process.send === 'function') watchChannel(leave);
  else watchStandardInput(leave);
}

function watchChannel(leave: () => void): void {
  if (!process.connected) return leave();
  process.once('disconnect', leave);
  process.channel?.unref();
}

function watchStandardInput(leave: () => void): void {
  process.stdin.once('close', leave);
  process.stdin.once('error', leave);
  process.stdin.resume();
  // A file or /dev/null has no unref, and ends at once anyway.
  if ('unref' in process.stdin) process.stdin.unref();
}
