// The observability profile: Prometheus reaches every process, takes our rules, and can draw each panel of the dashboard.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { waitFor } from '#libs/testkit';
import { compose } from './fixtures/compose.js';

const PROFILE = ['--profile', 'observability'];
const PROMETHEUS = 'http://127.0.0.1:9090';
const CONFIG = '/etc/prometheus/prometheus.yml';
const DASHBOARD = 'config/observability/grafana/dashboards/lockstep.json';
/** Both sequencers, three executors, the admin API. */
const TARGETS = 6;
const SCRAPED_MS_MAX = 60_000;
const PULL_MS_MAX = 60_000;

interface Rule {
  name: string;
  health: string;
  lastError?: string;
}

interface Service {
  image: string;
  volumes: { type: string; source: string }[];
}

/** What Prometheus answers, asked from within its container: its port is not published. @throws Error when it refuses */
async function prometheus<T>(path: string): Promise<T> {
  const text = await compose(...PROFILE, 'exec', '-T', 'prometheus', 'wget', '-q', '-O', '-', `${PROMETHEUS}${path}`);
  return (JSON.parse(text) as { data: T }).data;
}

const query = (expression: string): Promise<{ result: unknown[] }> =>
  prometheus(`/api/v1/query?query=${encodeURIComponent(expression)}`);

function dashboardQueries(): string[] {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: { targets?: { expr: string }[] }[] };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

export function observabilityTests(): void {
  test('the profile is well-formed, and every file that it mounts is there', async () => {
    const config = JSON.parse(await compose(...PROFILE, 'config', '--format', 'json')) as {
      services: Record<'prometheus' | 'grafana', Service>;
    };
    const { prometheus: first, grafana } = config.services;
    const files = [first, grafana].flatMap(({ volumes }) => volumes.filter(({ type }) => type === 'bind'));
    expect(files).toHaveLength(3);
    for (const { source } of files) expect(existsSync(source), source).toBe(true);
  });

  test('promtool finds nothing to say against configuration and alert rules', async () => {
    const run = ['run', '--rm', '--no-deps', '--no-TTY', '--entrypoint', 'promtool', 'prometheus'];
    const said = await compose(...PROFILE, ...run, 'check', 'config', CONFIG);
    expect(said).toMatch(/SUCCESS: \d+ rules found/);
  });

  test('Prometheus scrapes every process, evaluates every rule, and answers every panel of the dashboard', async () => {
    await compose(...PROFILE, 'up', '--detach', '--wait', 'prometheus');
    const up = async (): Promise<number> => (await query('up == 1')).result.length;
    await waitFor('all targets to be scraped', async () => (await up()) === TARGETS, SCRAPED_MS_MAX);
    let rules: Rule[] = [];
    await waitFor(
      'all rules to be evaluated',
      async () => {
        const { groups } = await prometheus<{ groups: { rules: Rule[] }[] }>('/api/v1/rules');
        rules = groups.flatMap((group) => group.rules);
        return rules.length > 0 && rules.every(({ health }) => health !== 'unknown');
      },
      SCRAPED_MS_MAX,
    );
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    const queries = dashboardQueries();
    // A rate wants two scrapes; what counts by label has no series before the first such event, as incidents and replays.
    const wanted = (queries.length * 3) / 4;
    await waitFor(
      `data for ${wanted} of ${queries.length} panel queries`,
      async () => {
        const answers = await Promise.all(queries.map((expression) => query(expression)));
        return answers.filter(({ result }) => result.length > 0).length >= wanted;
      },
      SCRAPED_MS_MAX,
    );
  });

  test('Grafana shows the dashboard; where its image cannot be had, its part is well-formed at least', async () => {
    const pull = compose(...PROFILE, 'pull', '--quiet', 'grafana').then(() => true);
    const timedOut = new Promise<false>((resolve) => setTimeout(resolve, PULL_MS_MAX, false).unref());
    if (!(await Promise.race([pull.catch(() => false), timedOut]))) {
      console.log('Grafana: its image cannot be had here; nothing of it was started');
      expect((await compose(...PROFILE, 'config', '--services')).split('\n')).toContain('grafana');
      return;
    }
    await compose(...PROFILE, 'up', '--detach', '--wait', 'grafana');
    const ask = ['wget', '-q', '-O', '-', 'http://127.0.0.1:3000/api/search?type=dash-db'];
    expect(await compose(...PROFILE, 'exec', '-T', 'grafana', ...ask)).toContain('Lockstep');
  });
}
