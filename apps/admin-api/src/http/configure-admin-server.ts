import { StandardSchemaSerializerInterceptor, StandardSchemaValidationPipe } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addEtags } from './etag.js';
import { ProblemError } from './problem.js';
import { ProblemFilter, sendProblem } from './problem.filter.js';
import { SharedReadsInterceptor } from './shared-reads.interceptor.js';

const BODY_BYTES_MAX = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 1_024;

/** The HTTP server that {@link configureAdminServer} expects under a Nest application. */
export function createAdminAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    frameworkErrors: ({ message }: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(request, reply, new ProblemError({ code: 'INVALID_REQUEST', status: 400 }, message)),
  });
}

/** What every route gets: bounds, validation by the routes' schemas, problem documents, ETags. */
export function configureAdminServer(app: NestFastifyApplication): void {
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: (issues) => invalidRequest(issues) }));
  // What leaves is checked as well: nothing is answered that the OpenAPI document does not describe.
  const reflector = app.get(Reflector);
  app.useGlobalInterceptors(new SharedReadsInterceptor(reflector), new StandardSchemaSerializerInterceptor(reflector));
  app.useGlobalFilters(new ProblemFilter());
  addEtags(app.getHttpAdapter().getInstance());
  app.getHttpServer().maxConnections = CONNECTIONS_MAX;
}

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

function invalidRequest(issues: readonly SchemaIssue[]): ProblemError {
  const errors = issues.map(({ message, path = [] }) => ({
    field: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message,
  }));
  const detail = errors.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)).join('; ');
  return new ProblemError(
    { code: 'INVALID_REQUEST', status: 400, errors },
    `The request is not as it must be: ${detail}.`,
    'See /openapi.json for what each route takes.',
  );
}
