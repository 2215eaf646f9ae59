import { applyDecorators, SerializeOptions, SetMetadata } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { SHARED_READ_KEY } from '../http/shared-reads.interceptor.js';
import { PROBLEM_TYPE } from '../http/problem.js';

const PROBLEMS: Record<number, string> = {
  400: 'A parameter is wrong.',
  401: 'No key, or one that is not valid.',
  403: 'The key may not do this.',
  404: 'There is no such thing.',
  409: 'It contradicts what is.',
  422: 'What it says cannot be done.',
  429: 'Too many requests; `Retry-After` says when to go on.',
  500: 'The admin API failed.',
  503: 'A part without which there is no answer is away.',
};

/** Documents problem documents with these statuses; 401, 403, 429 and 500 can come wherever a key is asked for. */
export const ApiProblems = (...statuses: number[]): ReturnType<typeof applyDecorators> =>
  applyDecorators(
    ...[...new Set([...statuses, 401, 403, 429, 500])].sort().map((status) =>
      ApiResponse({
        status,
        description: PROBLEMS[status] ?? 'Refused.',
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      }),
    ),
  );

export interface ApiReadOptions {
  summary: string;
  description?: string;
  /** What is answered: checked on its way out and described in the OpenAPI document. */
  schema: z.ZodType;
  /** Whether equal requests of one moment share an answer. */
  isShared?: boolean;
  /** Statuses of problems besides those that can always come. */
  problems?: number[];
}

/** Describes a GET: its answer, 304, and the problems there can be. */
export function ApiRead({
  summary,
  description,
  schema,
  isShared = false,
  problems = [],
}: ApiReadOptions): MethodDecorator {
  return applyDecorators(
    ApiOperation({ summary, ...(description === undefined ? {} : { description }) }),
    ApiResponse({
      status: 200,
      description: 'The answer.',
      standardSchema: schema,
      headers: { ETag: { description: 'For `If-None-Match`.', schema: { type: 'string' } } },
    }),
    ApiResponse({ status: 304, description: 'The caller has it already (`If-None-Match`).' }),
    ApiProblems(400, ...problems),
    SerializeOptions({ schema }),
    SetMetadata(SHARED_READ_KEY, isShared),
  );
}
