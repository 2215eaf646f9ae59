import 'reflect-metadata';
import { LockstepError } from '#libs/protocol';
import { exitWithParent, readEnvironment } from '#libs/runtime';
import { ExecutorSettings } from './config.js';
import { runExecutor } from './run-executor.js';

const STOP_MS_MAX = 10_000;
const cleanups: (() => Promise<void> | void)[] = [];
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
  const settings = readEnvironment(ExecutorSettings, process.env);
  const { executor, url } = await runExecutor(settings, cleanups);
  const { chainId, role } = executor.options;
  process.stdout.write(
    `executor ${chainId} (${role}) runs from block ${executor.cursor.number}${url ? ` at ${url}` : ''}\n`,
  );
}

main().catch(async (thrown: unknown) => {
  if (stopping) return; // a start that was broken off
  const advice = thrown instanceof LockstepError && thrown.advice ? `\n${thrown.advice}` : '';
  const isExpected = thrown instanceof LockstepError || (thrown as { code?: string }).code === 'EADDRINUSE';
  const text =
    thrown instanceof Error ? (isExpected ? thrown.message : (thrown.stack ?? thrown.message)) : String(thrown);
  process.stderr.write(`executor: ${text}${advice}\n`);
  await stop().catch(() => undefined);
  process.exit(1);
});
