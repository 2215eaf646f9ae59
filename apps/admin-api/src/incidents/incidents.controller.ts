import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { IncidentPage, IncidentsQuery } from './incidents.schema.js';
import { IncidentsService } from './incidents.service.js';

@ApiTags('incidents')
@Access('viewer')
@Controller('api/v1/incidents')
export class IncidentsController {
  constructor(@Inject(IncidentsService) private readonly incidents: IncidentsService) {}

  @Get()
  @ApiRead({ summary: 'List incidents, newest first', schema: IncidentPage, problems: [503] })
  listIncidents(
    @Query({ schema: IncidentsQuery }) query: z.output<typeof IncidentsQuery>,
  ): Promise<z.output<typeof IncidentPage>> {
    return this.incidents.list(query);
  }
}
