import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Logger } from '#libs/runtime';
import type { AdminApiSettings } from '../config.js';
import { ExecutorReads } from '../network/executor-reads.js';
import { ExecutorWatch } from '../network/executor-watch.js';
import { LeaderReads } from '../network/leader-reads.js';
import { LogFollower } from '../network/log-follower.js';
import { LogView } from '../network/log-view.js';
import { Database } from './database.js';
import { Parts } from './parts.js';
import { LOGGER, SETTINGS } from './tokens.js';

/** What every resource builds on: Postgres, the executors, the leader, and who of them is away. */
@Global()
@Module({})
export class CoreModule {
  static of(settings: AdminApiSettings, logger: Logger): DynamicModule {
    const providers = [
      { provide: SETTINGS, useValue: settings },
      { provide: LOGGER, useValue: logger },
      Parts,
      Database,
      LogView,
      LogFollower,
      ExecutorWatch,
      ExecutorReads,
      LeaderReads,
    ];
    return { module: CoreModule, providers, exports: providers };
  }
}
