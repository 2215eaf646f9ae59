import { applyDecorators, HttpCode, SerializeOptions } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { ApiProblems } from '../openapi/api-read.decorator.js';
import { CommandResult } from './command.schema.js';

/**
 * Describes a command: its idempotency key, its answer, and the problems there can be.
 * @param problems statuses of problems besides those that every command can have
 */
export const ApiCommand = (summary: string, description?: string, problems: readonly number[] = []): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    ApiOperation({ summary, ...(description === undefined ? {} : { description }) }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: true,
      description: 'Chosen by the caller, for one command: sent again with the same key it has no second effect.',
      schema: { type: 'string', minLength: 1, maxLength: 100 },
    }),
    ApiResponse({
      status: 200,
      description: 'It is durable.',
      standardSchema: CommandResult,
      headers: {
        'Idempotency-Replayed': { description: '`true`: answered before.', schema: { type: 'string' } },
      },
    }),
    ApiProblems(400, 409, 422, 503, ...problems),
    SerializeOptions({ schema: CommandResult }),
  );
