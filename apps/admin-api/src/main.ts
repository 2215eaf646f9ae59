import 'reflect-metadata';
import { LockstepError } from '#libs/protocol';
import { exitWithParent, readEnvironment } from '#libs/runtime';
import { AdminApiSettings } from './config.js';
import { runAdminApi } from './run-admin-api.js';

async function main(): Promise<void> {
  let stop = (): Promise<void> => Promise.resolve();
  exitWithParent(() => stop());
  const app = await runAdminApi(readEnvironment(AdminApiSettings, process.env));
  stop = () => {
    stop = () => new Promise(() => {});
    return app.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`admin-api: could not stop cleanly: ${String(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
  process.stdout.write(`admin-api listens on ${await app.getUrl()}\n`);
}

main().catch((thrown: unknown) => {
  const advice = thrown instanceof LockstepError && thrown.advice ? `\n${thrown.advice}` : '';
  const expected = thrown instanceof LockstepError || (thrown as { code?: string }).code === 'EADDRINUSE';
  const text =
    thrown instanceof Error ? (expected ? thrown.message : (thrown.stack ?? thrown.message)) : String(thrown);
  process.stderr.write(`admin-api: ${text}${advice}\n`);
  process.exit(1);
});
