import 'reflect-metadata';
import { pathToFileURL } from 'node:url';
import { Logger } from '@nestjs/common';
import { Command } from 'commander';
import { appScript } from '#libs/testkit';
import { addAdminCommands } from './admin-commands.js';
import { addApiKeyCommands } from './api-key-commands.js';
import { addAuditCommand } from './audit/audit-command.js';
import { readSecretFiles } from './file-settings.js';
import { runDevnet } from './devnet/devnet.js';
import { addEvidenceCommands } from './evidence/evidence-commands.js';
import { addInitCommand } from './init/init-command.js';
import { addNatsUserCommand } from './init/nats-user-command.js';
import { addMigrateCommand } from './migrate-command.js';
import { addRestoreCommand } from './restore-commands.js';
import { printError } from './print-error.js';

// What a command prints is its own.
Logger.overrideLogger(false);

readSecretFiles(process.env); // before commands take their defaults from it
const program = new Command('lockstep').description('A shared sequencer and cross-rollup relay.');

program
  .command('devnet')
  .description('start a whole network on this machine, run the guided scenario, stay up until Ctrl-C')
  .option('--once', 'end after the scenario; the last line is one JSON object', false)
  .action(async ({ once }: { once: boolean }) => {
    process.exitCode = await runDevnet({ once });
    // Sockets that close slowly must not keep a finished command alive.
    setImmediate(() => process.exit());
  });

const run = (app: 'sequencer' | 'executor' | 'admin-api'): Command =>
  program
    .command(app)
    .description(`run one ${app}; its settings are environment variables, see docs/settings.md`)
    .action(async () => {
      await import(pathToFileURL(appScript(app)).href);
    });
run('sequencer');
run('admin-api');
addAdminCommands(program, run('executor'));
addApiKeyCommands(program);
addMigrateCommand(program);
addInitCommand(program);
addNatsUserCommand(program);
addRestoreCommand(program);
addEvidenceCommands(program);
addAuditCommand(program);

await program.parseAsync().catch((thrown: unknown) => {
  printError(thrown);
  process.exit(1);
});
