import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Every name begins with it. */
export const METRICS_PREFIX = 'lockstep_';

/**
 * The registry of a process: what Node.js says of itself, and which part of Lockstep it is. The trees of this folder add
 * their own; one process makes one.
 * @param labels stand at every metric of the process
 */
export function createMetricsRegistry(part: string, version: string, labels: Record<string, string> = {}): Registry {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  collectDefaultMetrics({ register: registry, prefix: METRICS_PREFIX });
  new Gauge({
    name: 'lockstep_build_info',
    help: 'Always 1: which part of Lockstep this process is, and its version.',
    labelNames: ['part', 'version'],
    registers: [registry],
  }).set({ part, version }, 1);
  return registry;
}
