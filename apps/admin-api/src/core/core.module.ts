import { type DynamicModule, Global, Module } from '@nestjs/common';
import { createAdminApiMetrics, createMetricsRegistry, type Logger } from '#libs/runtime';
import type { AdminApiSettings } from '../config.js';
import { ExecutorReads } from '../network/executor-reads.js';
import { ExecutorWatch } from '../network/executor-watch.js';
import { LeaderReads } from '../network/leader-reads.js';
import { LogFollower } from '../network/log-follower.js';
import { LogView } from '../network/log-view.js';
import { Database } from './database.js';
import { Parts } from './parts.js';
import { LOGGER, METRICS, METRICS_REGISTRY, SETTINGS } from './tokens.js';

const VERSION = '0.1.0';

/** What every resource builds on: Postgres, the executors, the leader, and who of them is away. */
@Global()
@Module({})
export class CoreModule {
  static of(settings: AdminApiSettings, logger: Logger): DynamicModule {
    const registry = createMetricsRegistry('admin_api', VERSION);
    const providers = [
      { provide: SETTINGS, useValue: settings },
      { provide: LOGGER, useValue: logger },
      { provide: METRICS_REGISTRY, useValue: registry },
      { provide: METRICS, useValue: createAdminApiMetrics(registry) },
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
