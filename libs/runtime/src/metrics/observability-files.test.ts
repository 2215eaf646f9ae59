// Shows that every metric that the dashboard and the alert rules name exists, and that each alert says what to do.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createAdminApiMetrics } from './admin-api-metrics.js';
import { createExecutorMetrics } from './executor-metrics.js';
import { createMetricsRegistry } from './metrics-registry.js';
import { createSequencerMetrics } from './sequencer-metrics.js';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');
const rules = read('config/observability/prometheus/rules/lockstep.yml');
const dashboard = read('config/observability/grafana/dashboards/lockstep.json');
const operations = read('docs/operations.md');

/** Names of time series, of all three processes. */
function seriesNames(): Set<string> {
  const names = new Set<string>();
  for (const create of [createSequencerMetrics, createExecutorMetrics, createAdminApiMetrics]) {
    const registry = createMetricsRegistry('test', '0.1.0');
    create(registry);
    for (const { name, type } of registry.getMetricsAsArray() as { name: string; type: unknown }[]) {
      names.add(name);
      if (String(type) === 'histogram') for (const end of ['bucket', 'sum', 'count']) names.add(`${name}_${end}`);
    }
  }
  return names;
}

const known = seriesNames();
const named = (text: string): string[] => [...new Set(text.match(/lockstep_[a-z_]+/g) ?? [])];

test('every metric of the dashboard exists', () => {
  const expressions = [...dashboard.matchAll(/"expr": "(.*)"/g)].map(([, expression]) => expression!);
  expect(expressions.length).toBeGreaterThan(25);
  expect(named(expressions.join('\n')).filter((name) => !known.has(name))).toEqual([]);
});

test('every metric of the alert rules exists', () => {
  const expressions = [...rules.matchAll(/^ +expr: (.*)$/gm)].map(([, expression]) => expression!);
  expect(expressions).toHaveLength(alerts.length);
  expect(named(expressions.join('\n')).filter((name) => !known.has(name))).toEqual([]);
});

const alerts = rules.split(/^ +- alert: /m).slice(1);

describe.each(alerts.map((text) => [text.split('\n', 1)[0]!, text] as const))('the alert %s', (name, text) => {
  test('has a severity, a summary and a runbook that exists', () => {
    expect(text).toMatch(/severity: (critical|warning)\b/);
    expect(text).toMatch(/summary: \S/);
    expect(text).toContain(`runbook: docs/operations.md#${name.toLowerCase()}\n`);
    expect(operations).toMatch(new RegExp(`^## ${name}\\n\\n\\S`, 'm'));
  });
});
