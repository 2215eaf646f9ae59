import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { MetricsRegistry } from '#libs/runtime';
import { Access } from '../access/access.decorator.js';
import { METRICS_REGISTRY } from '../core/tokens.js';
import { ApiProblems } from '../openapi/api-read.decorator.js';

/** The process's figures. */
@ApiTags('health')
@Access('open')
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(METRICS_REGISTRY) private readonly registry: MetricsRegistry) {}

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'Figures for Prometheus' })
  @ApiResponse({
    status: 200,
    description: 'Metrics in the text format of Prometheus.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @ApiProblems(400)
  getMetrics(): Promise<string> {
    return this.registry.metrics();
  }
}
