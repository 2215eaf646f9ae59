import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { POSTGRES } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { ProblemError } from '../http/problem.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { Health, Readiness } from './health.schema.js';

/** Whether the process lives, and whether it can do its work. */
@ApiTags('health')
@Access('open')
@Controller()
export class HealthController {
  constructor(@Inject(Parts) private readonly parts: Parts) {}

  @Get('healthz')
  @ApiRead({ summary: 'Whether the process lives', schema: Health })
  getHealth(): z.output<typeof Health> {
    return { status: 'ok' };
  }

  /** 503 without Postgres, which almost every answer needs; anything else away makes it `degraded`. */
  @Get('readyz')
  @ApiRead({ summary: 'Whether it can do its work', schema: Readiness, problems: [503] })
  getReadiness(): z.output<typeof Readiness> {
    const missing = this.parts.missing();
    if (missing.some(({ part }) => part === POSTGRES)) throw ProblemError.away(missing);
    return { status: missing.length > 0 ? 'degraded' : 'ready', missing };
  }
}
