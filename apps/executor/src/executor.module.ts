import { type DynamicModule, Module } from '@nestjs/common';
import { Executor } from './engine/executor.js';
import { FeedController } from './feed/feed.controller.js';
import { HealthController } from './http/health.controller.js';
import { readControllerFor } from './reads/read.controller.js';

/** Composes one rollup's executor. */
@Module({})
export class ExecutorModule {
  static of(executor: Executor): DynamicModule {
    const { chainId, role } = executor.options;
    return {
      module: ExecutorModule,
      controllers: [FeedController, HealthController, readControllerFor(chainId, role)],
      providers: [{ provide: Executor, useValue: executor }],
    };
  }
}
