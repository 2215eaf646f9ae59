import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from '#libs/runtime';
import { CommandsModule } from './commands/commands.module.js';
import type { AdminApiSettings } from './config.js';
import { AccessModule } from './access/access.module.js';
import { CoreModule } from './core/core.module.js';
import { HealthController } from './health/health.controller.js';

/** Composes the admin API: the core, and a controller and a service for each resource. */
@Module({})
export class AdminApiModule {
  static of(settings: AdminApiSettings, logger: Logger): DynamicModule {
    return {
      module: AdminApiModule,
      imports: [CoreModule.of(settings, logger), AccessModule, CommandsModule],
      controllers: [HealthController],
    };
  }
}
