import { Controller, Get, Header, HttpCode, Inject, ServiceUnavailableException } from '@nestjs/common';
import type { MetricsRegistry } from '#libs/runtime';
import { Executor } from '../engine/executor.js';

/** The {@link MetricsRegistry} of the process. */
export const METRICS = Symbol('metrics');

/** Whether the process lives, whether it can do its work, and its figures. */
@Controller()
export class HealthController {
  constructor(
    @Inject(Executor) private readonly executor: Executor,
    @Inject(METRICS) private readonly registry: MetricsRegistry,
  ) {}

  @Get('healthz')
  @HttpCode(200)
  health(): { status: string } {
    return { status: 'ok' };
  }

  /** 200 while it follows its slices; 503 with the evidence when it has halted, or while it catches up. */
  @Get('readyz')
  ready(): Record<string, unknown> {
    const status = { ...this.executor.describe() };
    if (status.state !== 'following') throw new ServiceUnavailableException({ status: status.state, ...status });
    return { status: 'ready', ...status };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
