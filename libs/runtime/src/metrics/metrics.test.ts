// Shows that the metrics of each process have names that begin with lockstep_ and end in a unit, and that gauges are looked up.
import { expect, test } from 'vitest';
import { createAdminApiMetrics } from './admin-api-metrics.js';
import { createExecutorMetrics } from './executor-metrics.js';
import { createMetricsRegistry } from './metrics-registry.js';
import { createSequencerMetrics } from './sequencer-metrics.js';

/** Units, what counts things, and yes or no. */
const UNITS =
  /_(seconds|bytes|blocks|entries|submissions|transactions|operations|votes|clients|parts|epoch|info|total)$|_is_[a-z]+$/;
const TREES = { sequencer: createSequencerMetrics, executor: createExecutorMetrics, admin_api: createAdminApiMetrics };

test.each(Object.entries(TREES))(
  'the names of %s begin with lockstep_ and the part, and end in a unit',
  (part, create) => {
    const registry = createMetricsRegistry(part, '0.1.0');
    create(registry);
    const names = registry.getMetricsAsArray().map(({ name }) => name);
    expect(names.every((name) => name.startsWith('lockstep_'))).toBe(true);
    const own = names.filter((name) => !/^lockstep_(nodejs|process)_/.test(name));
    expect(own.filter((name) => !UNITS.test(name))).toEqual([]);
    expect(own.filter((name) => name !== 'lockstep_build_info' && !name.startsWith(`lockstep_${part}_`))).toEqual([]);
  },
);

test('a gauge is looked up when it is asked for; labels that are gone are forgotten', async () => {
  const registry = createMetricsRegistry('sequencer', '0.1.0', { node: 'a' });
  const metrics = createSequencerMetrics(registry);
  let size = 1;
  metrics.intake.queue.observe(() => size);
  let silences = [7, 8];
  metrics.relay.executorSilence.observeAll((gauge) => {
    for (const chainId of silences) gauge.set({ chain_id: String(chainId) }, 5);
  });
  expect(await registry.metrics()).toContain('lockstep_sequencer_queue_submissions{node="a"} 1');
  size = 2;
  silences = [8];
  const text = await registry.metrics();
  expect(text).toContain('lockstep_sequencer_queue_submissions{node="a"} 2');
  expect(text).not.toContain('chain_id="7"');
  expect(text).toContain('lockstep_build_info{part="sequencer",version="0.1.0",node="a"} 1');
});
