import { HttpAdapterHost } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { BODY_BYTES_MAX, CONNECTIONS_MAX, REQUEST_TIMEOUT_MS } from '../limits.js';
import { JsonRpcExceptionFilter } from './json-rpc-exception.filter.js';

/** The HTTP server that {@link configureRpcServer} expects under a Nest application. */
export function createRpcAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { ignoreTrailingSlash: true },
  });
}

/**
 * Prepares a Nest application on Fastify for JSON-RPC, before it is initialised: bodies arrive as raw bytes whatever
 * their content type (nobody is authorised by anything but signatures, so browsers' rules for it protect nothing here),
 * their size and the number of connections are bounded.
 */
export function configureRpcServer(app: NestFastifyApplication): void {
  // Fastify's own parsers would take JSON and text before ours.
  app.getHttpAdapter().getInstance().removeAllContentTypeParsers();
  app.useBodyParser('*', { bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => done(null, body));
  app.useGlobalFilters(new JsonRpcExceptionFilter(app.get(HttpAdapterHost).httpAdapter));
  app.getHttpServer().maxConnections = CONNECTIONS_MAX;
}
