import { type DynamicModule, Module } from '@nestjs/common';
import type { MetricsRegistry } from '#libs/runtime';
import { Executor } from './engine/executor.js';
import { FeedController } from './feed/feed.controller.js';
import { HealthController, METRICS } from './http/health.controller.js';
import { readControllerFor } from './reads/read.controller.js';

/** Composes one rollup's executor. */
@Module({})
export class ExecutorModule {
  static of(executor: Executor, metrics: MetricsRegistry): DynamicModule {
    const { chainId, role } = executor.options;
    return {
      module: ExecutorModule,
      controllers: [FeedController, HealthController, readControllerFor(chainId, role)],
      providers: [
        { provide: Executor, useValue: executor },
        { provide: METRICS, useValue: metrics },
      ],
    };
  }
}
