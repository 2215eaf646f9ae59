import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { chainIdParam } from '../schema/scalars.js';
import { ExecutorList, RollupDetail, RollupList } from './rollups.schema.js';
import { RollupsService } from './rollups.service.js';

@ApiTags('rollups')
@Access('viewer')
@Controller('api/v1/rollups')
export class RollupsController {
  constructor(@Inject(RollupsService) private readonly rollups: RollupsService) {}

  @Get()
  @ApiRead({
    summary: 'List the rollups in the order of the registry',
    schema: RollupList,
    isShared: true,
    problems: [503],
  })
  listRollups(): Promise<z.output<typeof RollupList>> {
    return this.rollups.list();
  }

  @Get(':chainId')
  @ApiRead({ summary: 'Get a rollup with its executors', schema: RollupDetail, problems: [404, 503] })
  getRollup(@Param('chainId', { schema: chainIdParam }) chainId: number): Promise<z.output<typeof RollupDetail>> {
    return this.rollups.find(chainId);
  }
}

@ApiTags('executors')
@Access('viewer')
@Controller('api/v1/executors')
export class ExecutorsController {
  constructor(@Inject(RollupsService) private readonly rollups: RollupsService) {}

  @Get()
  @ApiRead({
    summary: 'List voting executors and replicas of all rollups',
    schema: ExecutorList,
    isShared: true,
    problems: [503],
  })
  listExecutors(): Promise<z.output<typeof ExecutorList>> {
    return this.rollups.listExecutors();
  }

  @Get(':chainId')
  @ApiRead({
    summary: "List a rollup's voting executor and replicas",
    schema: ExecutorList,
    isShared: true,
    problems: [404, 503],
  })
  listExecutorsOfRollup(
    @Param('chainId', { schema: chainIdParam }) chainId: number,
  ): Promise<z.output<typeof ExecutorList>> {
    return this.rollups.executorsOf(chainId);
  }
}
