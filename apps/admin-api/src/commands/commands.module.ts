import { Module } from '@nestjs/common';
import { CommandDispatcher } from './command-dispatcher.js';
import { CommandLog } from './command-log.js';
import { CommandService } from './command.service.js';
import { NetworkCommandsController } from './network-commands.controller.js';
import { RegistryCommandsController } from './registry-commands.controller.js';

/** Commands to the network, each carried out once for its idempotency key. */
@Module({
  controllers: [NetworkCommandsController, RegistryCommandsController],
  providers: [CommandLog, CommandDispatcher, CommandService],
})
export class CommandsModule {}
