// Shows what the admin API says while a part of the network is away: what it knows, what is missing and since when; that
// it notices by itself when the part is back; and that executors' incidents outlast the API's own end.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiKeys, createDataSource } from '#libs/persistence';
import { ChaosNats, ChaosPostgres, Network, waitFor } from '#libs/testkit';
import { DocumentedAnswers } from './fixtures/documented-answers.js';
import { EventClient } from './fixtures/event-client.js';
import { testDirectory } from './fixtures/test-directory.js';

interface Missing {
  part: string;
  since: string;
  reason: string;
}
interface Incident {
  id: string;
  at: string;
  until: string | null;
  kind: string;
  detail: { chainId: number };
}
type Told = Record<string, unknown> & { missing: Missing[] };

const directory = testDirectory('admin-away');
let postgres: ChaosPostgres;
let nats: ChaosNats;
let network: Network;
let api: DocumentedAnswers;
let viewer: Record<string, string>;
let stranger: Record<string, string>;

const ACCOUNT = `0x${'11'.repeat(20)}`;
/** Lists and views that need no Postgres, and those that do. */
const FROM_MEMORY = ['overview', 'rollups', 'executors', 'series', 'configuration'].map((name) => `/api/v1/${name}`);
const FROM_POSTGRES = ['blocks', 'entries', 'operations', 'prices', 'incidents', 'audit'].map(
  (name) => `/api/v1/${name}`,
);

const chain = (index: number): number => network.chainIds[index]!;
const told = async (path: string): Promise<Told> => (await api.get<Told>(path, viewer)).body;
const awayIn = async (path: string): Promise<string[]> => (await told(path)).missing.map(({ part }) => part);
const healthOf = async (chainId: number): Promise<string> =>
  ((await told(`/api/v1/rollups/${chainId}`)) as unknown as { health: string }).health;
const incidents = async (): Promise<Incident[]> =>
  (await told('/api/v1/incidents?kind=silent_executor')).items as Incident[];

/** All lists and views, once the API has noticed. */
async function expectMissing(part: string, since: number, paths = [...FROM_MEMORY, ...FROM_POSTGRES]): Promise<void> {
  await waitFor(`${part} is missing`, async () => (await awayIn('/api/v1/overview')).includes(part), 15_000);
  for (const path of paths) {
    const found = (await told(path)).missing.find((missing) => missing.part === part);
    expect(found, path).toBeDefined();
    expect(found!.reason, path).not.toBe('');
    // By up to one status earlier: an executor is away since it was last heard.
    expect(Date.parse(found!.since), path).toBeGreaterThan(since - 2_500);
    expect(Date.parse(found!.since), path).toBeLessThanOrEqual(Date.now());
  }
}
const whole = (): Promise<unknown> =>
  waitFor('nothing is missing', async () => (await awayIn('/api/v1/overview').catch(() => ['?'])).length === 0, 30_000);

beforeAll(async () => {
  postgres = await ChaosPostgres.start(join(directory.path, 'postgres'), () => undefined);
  nats = await ChaosNats.start(() => undefined);
  const servers = { databaseUrl: postgres.url, natsUrl: nats.url };
  network = await Network.start({ dataDir: directory.path, adminApi: true, ...servers });
  api = await DocumentedAnswers.of(network.adminUrl);
  const dataSource = await createDataSource(postgres.url);
  const create = async (): Promise<Record<string, string>> => ({
    authorization: `Bearer ${(await new ApiKeys(dataSource).create('viewer', 'viewer')).text}`,
  });
  [viewer, stranger] = [await create(), await create()];
  await dataSource.destroy();
  await whole();
});
afterAll(async () => {
  await network?.stop();
  await nats?.stop();
  await postgres?.stop();
  directory.remove();
});

test('an executor that is frozen is missing everywhere, and it is an incident until it is back, also for streams', async () => {
  const client = new EventClient(`${network.adminUrl}/api/v1/events?kinds=incident,executor`);
  const ofSilence = () => client.events.filter(({ type }) => type === 'incident').map(({ data }) => data);
  const reading = client.read(() => ofSilence().some(({ until }) => until !== null));
  const voting = () => client.events.filter(({ type, data }) => type === 'executor' && data.role === 'voting');
  await waitFor('the stream tells how executors are', () => voting().length === 3, 10_000);
  expect(voting().map(({ data }) => [data.health, data.previous])).toEqual(
    network.chainIds.map(() => ['healthy', null]),
  );

  const part = `executor.${chain(1)}`;
  const since = Date.now();
  network.executors.get(chain(1))!.pause();
  await expectMissing(part, since);
  expect(await healthOf(chain(1))).toBe('silent');
  const { rollups } = (await told(`/api/v1/accounts/${ACCOUNT}`)) as unknown as { rollups: { chainId: number }[] };
  expect(rollups.map(({ chainId }) => chainId)).toEqual([chain(0), chain(2)]);
  await waitFor('it is an incident', async () => (await incidents()).length === 1, 10_000);
  const [begun] = await incidents();
  expect(begun).toMatchObject({ kind: 'silent_executor', until: null, detail: { chainId: chain(1), role: 'voting' } });
  expect((await told(`/api/v1/incidents?rollup=${chain(0)}`)).items).toEqual([]);
  expect((await told('/api/v1/overview')).incidents).toMatchObject({ open: 1 });

  // The API ends and begins again while the executor is silent: it knows since when.
  network.adminApi!.kill();
  await network.adminApi!.exited;
  await network.startAdminApi();
  await waitFor('it is missing again', async () => (await awayIn('/api/v1/overview')).includes(part), 15_000);
  await waitFor(
    'since when it was before',
    async () => (await told('/api/v1/overview')).missing.find((one) => one.part === part)?.since === begun!.at,
    10_000,
  );
  expect(await incidents()).toEqual([begun]);

  network.executors.get(chain(1))!.resume();
  await whole();
  await waitFor('the incident has ended', async () => (await incidents())[0]!.until !== null, 10_000);
  const [ended] = await incidents();
  expect(ended).toMatchObject({ id: begun!.id, at: begun!.at });
  expect(Date.parse(ended!.until!)).toBeGreaterThan(Date.parse(ended!.at));
  await reading;
  // Across two connections and two processes: the beginning once, the end once.
  expect(ofSilence().map(({ incidentId, until }) => [incidentId, until])).toEqual([
    [ended!.id, null],
    [ended!.id, ended!.until],
  ]);
  const changes = voting().filter(({ data }) => data.chainId === chain(1));
  expect(changes.map(({ data }) => data.health)).toContain('silent');
});

test('without NATS the log is still read; nobody is blamed for a silence that is ours', async () => {
  const since = Date.now();
  await nats.kill();
  await expectMissing('nats', since);
  for (const path of FROM_POSTGRES) expect((await told(path)).items, path).toBeDefined();
  expect(await api.get(`/api/v1/rollups/${chain(0)}/accounts/${ACCOUNT}`, viewer)).toMatchObject({
    status: 503,
    body: {
      code: 'UNAVAILABLE',
      missing: expect.arrayContaining([expect.objectContaining({ part: 'nats' })]) as unknown,
    },
  });
  const command = await api.send('post', `/api/v1/rollups/${chain(0)}/pause`, { headers: viewer });
  expect(command.status).toBe(403);
  await nats.restart();
  await whole();
  expect(await incidents()).toHaveLength(1);
});

test.each(['killed', 'frozen'] as const)(
  'while Postgres is %s what is in memory is told, and a key that was known may read it',
  async (how) => {
    const { head } = (await told('/api/v1/overview')) as unknown as { head: { block: number } };
    const since = Date.now();
    if (how === 'killed') await postgres.kill();
    else postgres.freeze();
    try {
      await expectMissing('postgres', since, FROM_MEMORY);
      const overview = (await told('/api/v1/overview')) as unknown as { head: { block: number }; operations: unknown };
      expect(overview.head.block).toBeGreaterThanOrEqual(head.block);
      expect(overview.operations).toBeNull();
      expect((await told('/api/v1/rollups')).items).toHaveLength(3);
      for (const path of FROM_POSTGRES) {
        const answer = await api.get<{ missing: Missing[] }>(path, viewer);
        expect(answer, path).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
        expect(
          answer.body.missing.map(({ part }) => part),
          path,
        ).toContain('postgres');
      }
      expect(await api.get('/readyz')).toMatchObject({ status: 503 });
      // A key that this process has never seen cannot be judged, and nobody may command without being asked who he is.
      expect(await api.get('/api/v1/overview', stranger)).toMatchObject({ status: 503 });
      const pause = await api.send('post', `/api/v1/rollups/${chain(0)}/pause`, { headers: viewer });
      expect(pause.status).toBe(503);
    } finally {
      await postgres.restart();
      postgres.thaw();
    }
    await whole();
    for (const path of FROM_POSTGRES) expect((await told(path)).missing, path).toEqual([]);
  },
  120_000,
);
