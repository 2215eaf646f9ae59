import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { Overview } from './overview.schema.js';
import { OverviewService } from './overview.service.js';

@ApiTags('overview')
@Access('viewer')
@Controller('api/v1/overview')
export class OverviewController {
  constructor(@Inject(OverviewService) private readonly overview: OverviewService) {}

  @Get()
  @ApiRead({
    summary: 'Get an overview of the network',
    description: 'Answers whoever is away: with what is known, and what is missing since when.',
    schema: Overview,
    isShared: true,
    problems: [503],
  })
  getOverview(): Promise<z.output<typeof Overview>> {
    return this.overview.current();
  }
}
