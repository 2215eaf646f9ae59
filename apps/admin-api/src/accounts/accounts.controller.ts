import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { address, chainIdParam } from '../schema/scalars.js';
import { Account, AccountPositionsQuery, AccountState, PositionPage, PositionsQuery } from './accounts.schema.js';
import { AccountsService } from './accounts.service.js';

@ApiTags('accounts')
@Access('viewer')
@Controller('api/v1')
export class AccountsController {
  constructor(@Inject(AccountsService) private readonly accounts: AccountsService) {}

  @Get('accounts/:address')
  @ApiRead({ summary: 'Get an account on all rollups', schema: Account, problems: [503] })
  getAccount(@Param('address', { schema: address }) account: string): Promise<z.output<typeof Account>> {
    return this.accounts.everywhere(account);
  }

  @Get('rollups/:chainId/accounts/:address')
  @ApiRead({ summary: 'Get an account on a rollup', schema: AccountState, problems: [404, 503] })
  getAccountOnRollup(
    @Param('chainId', { schema: chainIdParam }) chainId: number,
    @Param('address', { schema: address }) account: string,
  ): Promise<z.output<typeof AccountState>> {
    return this.accounts.on(chainId, account);
  }

  @Get('rollups/:chainId/accounts/:address/positions')
  @ApiRead({ summary: "List an account's positions on a rollup", schema: PositionPage, problems: [404, 503] })
  listPositionsOfAccount(
    @Param('chainId', { schema: chainIdParam }) chainId: number,
    @Param('address', { schema: address }) account: string,
    @Query({ schema: AccountPositionsQuery }) query: z.output<typeof AccountPositionsQuery>,
  ): Promise<z.output<typeof PositionPage>> {
    return this.accounts.positions(chainId, { ...query, account });
  }

  @Get('rollups/:chainId/positions')
  @ApiRead({ summary: 'List the positions on a rollup', schema: PositionPage, problems: [404, 503] })
  listPositions(
    @Param('chainId', { schema: chainIdParam }) chainId: number,
    @Query({ schema: PositionsQuery }) query: z.output<typeof PositionsQuery>,
  ): Promise<z.output<typeof PositionPage>> {
    return this.accounts.positions(chainId, query);
  }
}
