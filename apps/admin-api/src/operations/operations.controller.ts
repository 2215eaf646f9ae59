import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { hash } from '../schema/scalars.js';
import { OperationDetailService } from './operation-detail.service.js';
import { OperationDetail, OperationPage, OperationsQuery } from './operations.schema.js';
import { OperationsService } from './operations.service.js';

@ApiTags('operations')
@Access('viewer')
@Controller('api/v1/operations')
export class OperationsController {
  constructor(
    @Inject(OperationsService) private readonly operations: OperationsService,
    @Inject(OperationDetailService) private readonly details: OperationDetailService,
  ) {}

  @Get()
  @ApiRead({
    summary: 'List operations by PREPARE, newest first',
    description: 'All filters that are given must hold.',
    schema: OperationPage,
    isShared: true,
    problems: [503],
  })
  listOperations(
    @Query({ schema: OperationsQuery }) query: z.output<typeof OperationsQuery>,
  ): Promise<z.output<typeof OperationPage>> {
    return this.operations.list(query);
  }

  @Get(':id')
  @ApiRead({
    summary: 'Get an operation with its timeline',
    description:
      'What the log says is signed. What executors keep (changes of legs, their steps) and arrival times of votes, which the leader keeps, are not, and are `missing` where they do not answer.',
    schema: OperationDetail,
    problems: [404, 503],
  })
  getOperation(@Param('id', { schema: hash }) id: string): Promise<z.output<typeof OperationDetail>> {
    return this.details.find(id);
  }
}
