import 'reflect-metadata';
import { LockstepError } from '#libs/protocol';
import { exitWithParent, readEnvironment } from '#libs/runtime';
import { SequencerSettings } from './config.js';
import { runSequencer } from './run-sequencer.js';

const STOP_MS_MAX = 10_000;
const cleanups: (() => Promise<unknown> | void)[] = [];
let stopping: Promise<void> | null = null;

/** Undoes what was started, newest first; the block under way is finished. */
function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  })();
  return stopping;
}

function fail(sentence: string): void {
  process.stderr.write(`sequencer: ${sentence}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  exitWithParent(stop);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      setTimeout(() => fail(`it did not stop within ${STOP_MS_MAX} ms and is ended.`), STOP_MS_MAX).unref();
      stop().then(
        () => process.exit(0),
        (thrown: unknown) => fail(`it could not stop cleanly: ${describe(thrown)}`),
      );
    });
  }
  const settings = readEnvironment(SequencerSettings, process.env);
  const url = await runSequencer(settings, cleanups);
  process.stdout.write(`sequencer listens on ${url}\n`);
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const isExpected = thrown instanceof LockstepError || (thrown as { code?: string }).code === 'EADDRINUSE';
  const advice = thrown instanceof LockstepError && thrown.advice ? `\n${thrown.advice}` : '';
  return `${isExpected ? thrown.message : (thrown.stack ?? thrown.message)}${advice}`;
}

main().catch(async (thrown: unknown) => {
  if (stopping) return; // a start that was broken off
  await Promise.race([stop().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, STOP_MS_MAX))]);
  fail(describe(thrown));
});
