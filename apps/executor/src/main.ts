import 'reflect-metadata';
import { LockstepError } from '#libs/protocol';
import { exitWithParent, readEnvironment } from '#libs/runtime';
import { ExecutorSettings } from './config.js';
import { runExecutor } from './run-executor.js';

const STOP_MS_MAX = 10_000;
let cleanups: (() => Promise<void> | void)[] = [];
let stopping: Promise<void> | null = null;

/** Undoes what was started, newest first; the block at hand is finished and stored. */
function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  })();
  return stopping;
}

async function main(): Promise<void> {
  exitWithParent(stop);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
      stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
  await start(readEnvironment(ExecutorSettings, process.env));
}

async function start(settings: ExecutorSettings): Promise<void> {
  const { executor, url } = await runExecutor(settings, cleanups, () => restart(settings));
  const { chainId, role } = executor.options;
  process.stdout.write(
    `executor ${chainId} (${role}) runs from block ${executor.cursor.number}${url ? ` at ${url}` : ''}\n`,
  );
}

/** Begins anew with a store that was emptied for a rewind. */
function restart(settings: ExecutorSettings): void {
  stop()
    .then(() => {
      cleanups = [];
      stopping = null;
      return start(settings);
    })
    .catch(fail);
}

main().catch(fail);

async function fail(thrown: unknown): Promise<void> {
  if (stopping) return; // a start that was broken off
  const advice = thrown instanceof LockstepError && thrown.advice ? `\n${thrown.advice}` : '';
  const isExpected = thrown instanceof LockstepError || (thrown as { code?: string }).code === 'EADDRINUSE';
  const text =
    thrown instanceof Error ? (isExpected ? thrown.message : (thrown.stack ?? thrown.message)) : String(thrown);
  process.stderr.write(`executor: ${text}${advice}\n`);
  await stop().catch(() => undefined);
  process.exit(1);
}
