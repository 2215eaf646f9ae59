import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { BlockDetail, BlockPage, BlockParam, BlocksQuery } from './blocks.schema.js';
import { BlocksService } from './blocks.service.js';

@ApiTags('blocks')
@Access('viewer')
@Controller('api/v1/blocks')
export class BlocksController {
  constructor(@Inject(BlocksService) private readonly blocks: BlocksService) {}

  @Get()
  @ApiRead({ summary: 'List blocks, newest first', schema: BlockPage, isShared: true, problems: [503] })
  listBlocks(@Query({ schema: BlocksQuery }) query: z.output<typeof BlocksQuery>): Promise<z.output<typeof BlockPage>> {
    return this.blocks.list(query);
  }

  @Get(':block')
  @ApiRead({ summary: 'Get a block by number or hash', schema: BlockDetail, problems: [404, 503] })
  getBlock(@Param('block', { schema: BlockParam }) block: string): Promise<z.output<typeof BlockDetail>> {
    return this.blocks.find(block);
  }
}
