import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { AuditPage, AuditQuery } from './audit.schema.js';
import { AuditService } from './audit.service.js';

@ApiTags('audit')
@Access('viewer')
@Controller('api/v1/audit')
export class AuditController {
  constructor(@Inject(AuditService) private readonly audit: AuditService) {}

  @Get()
  @ApiRead({ summary: 'List admin commands, newest first', schema: AuditPage, problems: [503] })
  listAudit(@Query({ schema: AuditQuery }) query: z.output<typeof AuditQuery>): Promise<z.output<typeof AuditPage>> {
    return this.audit.list(query);
  }
}
