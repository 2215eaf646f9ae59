// Shows that every answer that the admin API documents can come, and comes as it is documented: each status of each
// route, and each kind of event, on a live network in which operations committed, were aborted for three reasons, and
// an executor is down.
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalSigner } from '#libs/crypto';
import { API_ROLES, ApiKeys, type ApiRole, canonicalJson, createDataSource, recordIncident } from '#libs/persistence';
import { bytesToHex, type Hex } from '#libs/protocol';
import { appScript, devnetKeys, freePort, Network, spawnNode, type SupervisedProcess, waitFor } from '#libs/testkit';
import { type Answer, DocumentedAnswers, type Route } from './fixtures/documented-answers.js';
import { endOperations } from './fixtures/ended-operations.js';
import { EventClient } from './fixtures/event-client.js';
import { testDirectory } from './fixtures/test-directory.js';
import { ETHER, type Listed, World } from './fixtures/world.js';

const STREAMS_MAX = 2;
const NOBODY = `0x${'00'.repeat(32)}`;

const directory = testDirectory('admin-contract');
let network: Network;
let world: World;
let api: DocumentedAnswers;
let dataSource: DataSource;
let series: Listed;
let operations: Record<string, Hex>;
const keys = new Map<ApiRole, { id: string; text: string }>();
/** One that was never sent, so that the API has to look it up. */
let unseenKey: string;
/** Other processes of the admin API, with their URLs. */
const others: SupervisedProcess[] = [];
/** One that lets nobody send more than a request in ten seconds. */
let strictUrl: string;
/** One without Postgres and without a registry key. */
let lonelyUrl: string;

const chain = (index: number): number => network.chainIds[index]!;
const bearer = (role: ApiRole): Record<string, string> => ({ authorization: `Bearer ${keys.get(role)!.text}` });

async function startOther(name: string, env: Record<string, string>): Promise<string> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const other = spawnNode({
    name,
    script: appScript('admin-api'),
    logFile: join(directory.path, `${name}.log`),
    env: {
      ...{ DATABASE_URL: network.databaseUrl, NATS_URL: network.natsUrl, ADMIN_PORT: String(port) },
      ...{ LOCKSTEP_EXIT_WITH_PARENT: '1', ...env },
    },
  });
  others.push(other);
  await waitFor(`${name} listens`, async () => (await fetch(url).catch(() => null)) !== null, 20_000);
  return url;
}

beforeAll(async () => {
  const env = { ADMIN_EVENT_STREAMS_MAX: String(STREAMS_MAX) };
  network = await Network.start({ dataDir: directory.path, adminApi: true, env });
  world = await World.enter(network);
  ({ series, operations } = await endOperations(network, world));
  dataSource = await createDataSource(network.databaseUrl);
  for (const role of API_ROLES) {
    const { key, text } = await new ApiKeys(dataSource).create(`the ${role}`, role);
    keys.set(role, { id: key.id, text });
  }
  api = await DocumentedAnswers.of(network.adminUrl);
  strictUrl = await startOther('strict', { ADMIN_RATE_ADDRESS_MAX: '1' });
  lonelyUrl = await startOther('lonely', { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/nothing' });
});
afterAll(async () => {
  for (const other of others) await other.stop();
  await dataSource?.destroy();
  await world?.close();
  await network?.stop();
  directory.remove();
});

test('the network is as this file says', () => {
  expect(Object.keys(operations)).toHaveLength(4);
  expect(operations).toMatchObject({ committed: expect.any(String) as string, expired: expect.any(String) as string });
  expect(network.executors.get(chain(2))!.hasExited).toBe(true);
});

/** A route's path, of something that there is or that there is not. */
function pathOf({ template }: Route, exists = true): string {
  const [, , , resource] = template.split('/');
  const values: Record<string, [known: string, unknown: string]> = {
    chainId: [String(chain(1)), '77777'],
    address: [world.accounts[1]!.address, NOBODY.slice(0, 42)],
    block: ['1', NOBODY],
    entry: ['1', NOBODY],
    underlying: [world.eth, NOBODY.slice(0, 42)],
    quote: [world.usd, NOBODY.slice(0, 42)],
    id: [resource === 'operations' ? operations.committed! : series.id, NOBODY],
  };
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (!value) throw new Error(`pathOf does not know what to write for {${name}} of ${template}`);
    return value[exists ? 0 : 1];
  });
}

/** Bodies of commands that take one, and what has to be before a command can be carried out. */
interface Command {
  body?: () => object;
  /** Gives the path, where it is not that of something that there is anyway. */
  prepare?: () => Promise<string>;
  after?: () => Promise<void>;
}
let listed: string | undefined;
const terms = (strike: bigint): object => ({
  ...series.terms,
  ...{ underlying: world.eth, quote: world.usd, strike: String(strike) },
});
const commands: Record<string, Command> = {
  registerRollup: {
    body: () => ({ chainId: 77_001, name: 'late', votingKey: `0x${'55'.repeat(20)}`, replicaKeys: [] }),
  },
  listSeries: { body: () => terms(2_345n) },
  delistSeries: { prepare: () => Promise.resolve(`/api/v1/series/${listed!}/delist`) },
  setKey: {
    body: () => ({
      role: 'price',
      previous: bytesToHex(new LocalSigner(devnetKeys.price()).address),
      next: `0x${'77'.repeat(20)}`,
    }),
  },
  abortOperation: {
    prepare: async () => {
      const nearby = await world.list([0, 1, 1, 1]);
      network.executors.get(chain(1))!.pause();
      const intent = world.writeIntent(nearby, ETHER, { premium: 1n });
      const { id } = await world.submit('WriteIntent', nearby, intent, world.accounts.slice(0, 2));
      return `/api/v1/operations/${id}/abort`;
    },
    after: () => Promise.resolve(network.executors.get(chain(1))!.resume()),
  },
  transferLeadership: {
    after: () => waitFor('somebody leads again', async () => (await network.leader()) !== null, 20_000),
  },
};

async function command({ method, template, id }: Route): Promise<Answer> {
  const { body, prepare, after } = commands[id] ?? {};
  const path = (await prepare?.()) ?? pathOf({ template } as Route);
  const headers = { ...bearer('admin'), 'idempotency-key': randomUUID() };
  const answer = await api.send(method, path, { headers, body: body?.() });
  await after?.();
  if (answer.status !== 200) throw new Error(`${id} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
}

/** Sends with a key that somebody else works with: on this command, or on another. */
async function sendClaimed({ method, template, id }: Route, isSame: boolean): Promise<void> {
  const [path, body] = [pathOf({ template } as Route), commands[id]?.body?.()];
  const hash = createHash('sha256').update(`${method.toUpperCase()} ${path}\n${canonicalJson(body ?? null)}`);
  const idempotencyKey = randomUUID();
  await dataSource.query(
    `INSERT INTO lockstep_admin.commands (api_key, idempotency_key, request_hash, worker, worker_until)
     VALUES ($1, $2, $3, 'another', clock_timestamp() + interval '1 minute')`,
    [keys.get('admin')!.id, idempotencyKey, isSame ? hash.digest() : Buffer.alloc(32)],
  );
  await api.send(method, path, { headers: { ...bearer('admin'), 'idempotency-key': idempotencyKey }, body });
}

/** What makes a route answer with a status. Whether it did is what {@link DocumentedAnswers} has seen. */
const provoke: Record<number, (route: Route) => Promise<unknown>> = {
  200: (route) => (route.method === 'post' ? command(route) : api.get(pathOf(route), bearer('viewer'))),
  304: (route) => api.get(pathOf(route), { 'if-none-match': '*' }),
  400: (route) => api.send(route.method, `${pathOf(route)}?api_key=x`),
  401: (route) => api.send(route.method, pathOf(route), { headers: { authorization: 'Bearer nobody' } }),
  403: (route) => api.send(route.method, pathOf(route), { headers: bearer('viewer') }),
  404: (route) =>
    api.send(route.method, pathOf(route, false), {
      headers: { ...bearer('admin'), 'idempotency-key': randomUUID() },
      body: commands[route.id]?.body?.(),
    }),
  409: (route) =>
    route.method === 'post'
      ? sendClaimed(route, true)
      : api.get(pathOf(route), { 'last-event-id': '1-1-00000000-0-0' }),
  422: (route) => sendClaimed(route, false),
  429: async (route) => {
    for (let n = 0; n < 3; n++) await api.send(route.method, pathOf(route), { url: strictUrl });
  },
  500: (route) => api.send(route.method, pathOf(route), { headers: { authorization: `Bearer ${unseenKey}` } }),
  503: (route) =>
    api.send(route.method, pathOf(route), {
      headers: { ...bearer('admin'), 'idempotency-key': randomUUID() },
      url: lonelyUrl,
    }),
};

const having = (status: number): Route[] =>
  api.routes.filter(({ id, statuses }) => statuses.includes(status) && id !== 'getEvents');

async function provokeAll(status: number, routes = having(status)): Promise<void> {
  expect(provoke[status], `what makes a route answer ${status}`).toBeDefined();
  for (const route of routes) await provoke[status]!(route);
  const wanted = routes.map(({ id }) => `${id} ${status}`);
  expect(wanted.filter((answer) => !api.seen.has(answer))).toEqual([]);
}

test.each([304, 400, 401, 403, 404, 409, 422, 429, 503])('every route that documents %i answers it', (status) =>
  provokeAll(
    status,
    api.routes.filter(({ statuses }) => statuses.includes(status)),
  ),
);

test('every route that documents 500 answers it where the database is not as it should be', async () => {
  unseenKey = (await new ApiKeys(dataSource).create('unseen', 'admin')).text;
  await dataSource.query('ALTER TABLE lockstep_admin.api_keys RENAME TO api_keys_elsewhere');
  try {
    await provokeAll(
      500,
      api.routes.filter(({ statuses }) => statuses.includes(500)),
    );
  } finally {
    await dataSource.query('ALTER TABLE lockstep_admin.api_keys_elsewhere RENAME TO api_keys');
  }
});

test('every GET answers 200', () =>
  provokeAll(
    200,
    having(200).filter(({ method }) => method === 'get'),
  ));

test('every command is carried out', async () => {
  // The order of the document, but that a rollup without an executor, and what takes the leader or a key away, come last.
  const last = ['registerRollup', 'transferLeadership', 'setKey'];
  const routes = having(200).filter(({ method }) => method === 'post');
  for (const route of [
    ...routes.filter(({ id }) => !last.includes(id)),
    ...routes.filter(({ id }) => last.includes(id)),
  ]) {
    const { body } = await command(route);
    if (route.id === 'listSeries') listed = body.series as string;
  }
});

test('every kind of event comes as it is documented, and none that is not', async () => {
  const client = new EventClient(`${network.adminUrl}/api/v1/events?fromBlock=1`);
  // A live network's log has no restore; block-events.test.ts shows that event.
  const documented = api.choicesOf('Event').filter((name) => name !== 'RestoreEvent');
  const kindOf = (name: string): string =>
    (api.document.components.schemas[name] as unknown as { properties: { kind: { const: string } } }).properties.kind
      .const;
  const wanted = documented.map(kindOf).sort();
  const told = (): string[] => [...new Set(client.events.map(({ type }) => type))].sort();
  const reading = client.read(() => wanted.every((kind) => told().includes(kind)));
  await waitFor('the stream', () => client.connections > 0 && client.lastEventId !== undefined, 10_000);
  await recordIncident(dataSource, 'tested', {});
  await reading;
  for (const { type, data } of client.events) {
    expect(data.kind).toBe(type);
    api.assertIs('Event', data);
  }
  expect(told()).toEqual(wanted);
  const executors = client.events.filter(({ type }) => type === 'executor');
  expect(executors.every(({ id }) => id === null)).toBe(true);
  expect(executors.map(({ data }) => data.health)).toContain('silent');
  api.seen.add('getEvents 200');
});

test('when as many streams are open as may be, another is refused, and one that ends makes room', async () => {
  const url = `${network.adminUrl}/api/v1/events`;
  const openStreams = async (): Promise<string | undefined> =>
    /^lockstep_admin_api_event_streams_clients (\d+)$/m.exec(
      await (await fetch(`${network.adminUrl}/metrics`)).text(),
    )?.[1];
  await waitFor('those of before to be closed', async () => (await openStreams()) === '0', 10_000);
  const open = await Promise.all(
    Array.from({ length: STREAMS_MAX }, async () => {
      const cut = new AbortController();
      return { cut, response: await fetch(url, { signal: cut.signal }) };
    }),
  );
  expect(open.map(({ response }) => response.status)).toEqual(open.map(() => 200));
  expect(await api.get('/api/v1/events')).toMatchObject({ status: 503, body: { code: 'TOO_MANY_STREAMS' } });
  open[0]!.cut.abort();
  await waitFor(
    'there is room',
    async () => {
      const cut = new AbortController();
      const { status } = await fetch(url, { signal: cut.signal });
      cut.abort();
      return status === 200;
    },
    10_000,
  );
  open[1]!.cut.abort();
});

test('nothing is documented that this file has not seen', () => {
  expect(api.unseen, 'provoke these answers, or take them out of the document').toEqual([]);
});
