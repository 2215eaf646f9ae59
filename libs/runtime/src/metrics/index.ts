export { type AdminApiMetrics, createAdminApiMetrics } from './admin-api-metrics.js';
export { createExecutorMetrics, type ExecutorMetrics } from './executor-metrics.js';
export { createMetricsRegistry, METRICS_PREFIX } from './metrics-registry.js';
export type { ObservedGauge } from './observed-gauge.js';
export { createSequencerMetrics, type SequencerMetrics } from './sequencer-metrics.js';
export type { Registry as MetricsRegistry } from 'prom-client';
