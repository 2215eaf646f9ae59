import { Counter, Histogram, type Registry } from 'prom-client';
import { FAST_SECONDS } from './buckets.js';
import { ObservedGauge } from './observed-gauge.js';

export type AdminApiMetrics = ReturnType<typeof createAdminApiMetrics>;

/** What an admin API measures. */
export function createAdminApiMetrics(registry: Registry) {
  const registers = [registry];
  const gauge = (what: string, help: string) =>
    new ObservedGauge<never>({ name: `lockstep_admin_api_${what}`, help, registers });
  return {
    requests: new Counter({
      name: 'lockstep_admin_api_requests_total',
      help: 'Answered HTTP requests, by route as the OpenAPI document has it.',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    request: new Histogram({
      name: 'lockstep_admin_api_request_seconds',
      help: 'Time to answer a request; streams are not counted.',
      buckets: FAST_SECONDS,
      labelNames: ['route'],
      registers,
    }),
    streams: gauge('event_streams_clients', 'Open streams of events.'),
    overflows: new Counter({
      name: 'lockstep_admin_api_event_overflows_total',
      help: 'Streams that were closed because their client was too slow.',
      registers,
    }),
    eventsLag: gauge('events_lag_blocks', 'Blocks between the head of the log and the newest one told to streams.'),
    missingParts: gauge('missing_parts', 'Parts of the network that it cannot reach.'),
  };
}
