import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger, NestLogger } from '#libs/runtime';
import { AdminApiModule } from './app.module.js';
import type { AdminApiSettings } from './config.js';
import { configureAdminServer, createAdminAdapter } from './http/configure-admin-server.js';
import { secureServer } from './http/secure-server.js';
import { measureRequests } from './metrics/measure-requests.js';
import { serveOpenApi } from './openapi/document.js';

/** Starts the admin API; it listens at once, whoever of the network is away. Close the application to end it. */
export async function runAdminApi(settings: AdminApiSettings): Promise<NestFastifyApplication> {
  const logger = createLogger('admin-api', settings.LOCKSTEP_LOG_LEVEL);
  const app = await NestFactory.create<NestFastifyApplication>(
    AdminApiModule.of(settings, logger),
    createAdminAdapter(),
    { logger: new NestLogger(logger), abortOnError: false },
  );
  await secureServer(app, settings.ADMIN_CORS_ORIGINS);
  configureAdminServer(app);
  measureRequests(app);
  serveOpenApi(app);
  await app.listen(settings.ADMIN_PORT, settings.ADMIN_HOST);
  return app;
}
