import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { EntriesQuery, EntryDetail, EntryPage, EntryParam } from './entries.schema.js';
import { EntriesService } from './entries.service.js';

@ApiTags('entries')
@Access('viewer')
@Controller('api/v1/entries')
export class EntriesController {
  constructor(@Inject(EntriesService) private readonly entries: EntriesService) {}

  @Get()
  @ApiRead({
    summary: 'List entries, newest first',
    description: 'All filters that are given must hold.',
    schema: EntryPage,
    isShared: true,
    problems: [503],
  })
  listEntries(
    @Query({ schema: EntriesQuery }) query: z.output<typeof EntriesQuery>,
  ): Promise<z.output<typeof EntryPage>> {
    return this.entries.list(query);
  }

  @Get(':entry')
  @ApiRead({ summary: 'Get an entry by sequence or id', schema: EntryDetail, problems: [404, 503] })
  getEntry(@Param('entry', { schema: EntryParam }) entry: string): Promise<z.output<typeof EntryDetail>> {
    return this.entries.find(entry);
  }
}
