import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { Command } from 'commander';
import { runDevnet } from './devnet/devnet.js';

// What a command prints is its own.
Logger.overrideLogger(false);

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

await program.parseAsync();
