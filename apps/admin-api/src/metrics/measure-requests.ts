import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AdminApiMetrics } from '#libs/runtime';
import { Parts } from '../core/parts.js';
import { METRICS } from '../core/tokens.js';
import { EventLog } from '../events/event-log.js';
import { EventsService } from '../events/events.service.js';

/** Counts and times every answer by its route, and lets the gauges look at streams and at what is away. */
export function measureRequests(app: NestFastifyApplication): void {
  const metrics = app.get<AdminApiMetrics>(METRICS);
  const [events, log, parts] = [app.get(EventsService), app.get(EventLog), app.get(Parts)];
  metrics.streams.observe(() => events.open);
  metrics.eventsLag.observe(() => log.lagBlocks);
  metrics.missingParts.observe(() => parts.missing().length);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onResponse', (request, reply, done) => {
      // What has no route is one label: paths are the caller's to choose.
      const route = request.routeOptions.url ?? 'none';
      metrics.requests.inc({ method: request.method, route, status: String(reply.statusCode) });
      if (!reply.raw.getHeader('content-type')?.toString().startsWith('text/event-stream')) {
        metrics.request.observe({ route }, reply.elapsedTime / 1000);
      }
      done();
    });
}
