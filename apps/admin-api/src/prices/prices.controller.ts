import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { address } from '../schema/scalars.js';
import { LatestPrices, PricePage, PricesQuery } from './prices.schema.js';
import { PricesService } from './prices.service.js';

@ApiTags('prices')
@Access('viewer')
@Controller('api/v1/prices')
export class PricesController {
  constructor(@Inject(PricesService) private readonly prices: PricesService) {}

  @Get()
  @ApiRead({ summary: 'Get the newest price of every market', schema: LatestPrices, isShared: true, problems: [503] })
  getLatestPrices(): Promise<z.output<typeof LatestPrices>> {
    return this.prices.latest();
  }

  @Get(':underlying/:quote')
  @ApiRead({
    summary: 'List the prices of a market, newest first',
    schema: PricePage,
    isShared: true,
    problems: [404, 503],
  })
  listPrices(
    @Param('underlying', { schema: address }) underlying: string,
    @Param('quote', { schema: address }) quote: string,
    @Query({ schema: PricesQuery }) query: z.output<typeof PricesQuery>,
  ): Promise<z.output<typeof PricePage>> {
    return this.prices.history(underlying, quote, query);
  }
}
