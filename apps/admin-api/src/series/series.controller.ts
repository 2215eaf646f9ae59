import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { hash } from '../schema/scalars.js';
import { Series, SeriesPage, SeriesQuery } from './series.schema.js';
import { SeriesService } from './series.service.js';

@ApiTags('series')
@Access('viewer')
@Controller('api/v1/series')
export class SeriesController {
  constructor(@Inject(SeriesService) private readonly series: SeriesService) {}

  @Get()
  @ApiRead({ summary: 'List option series, newest first', schema: SeriesPage, problems: [503] })
  listSeriesPage(@Query({ schema: SeriesQuery }) query: z.output<typeof SeriesQuery>): z.output<typeof SeriesPage> {
    return this.series.list(query);
  }

  @Get(':id')
  @ApiRead({ summary: 'Get an option series', schema: Series, problems: [404, 503] })
  getSeries(@Param('id', { schema: hash }) id: string): z.output<typeof Series> {
    return this.series.find(id);
  }
}
