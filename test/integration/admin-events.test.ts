// Shows that the admin API's events are the log: nothing is lost or told twice however connections and processes end.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiKeys, createDataSource, recordIncident } from '#libs/persistence';
import { bytesToHex, type EntryKind } from '#libs/protocol';
import { Network, waitFor } from '#libs/testkit';
import { EventClient } from './fixtures/event-client.js';
import { LogProbe } from './fixtures/log-probe.js';
import { testDirectory } from './fixtures/test-directory.js';
import { DOLLAR, ETHER, World } from './fixtures/world.js';

const directory = testDirectory('admin-events');
let network: Network;
let world: World;
let probe: LogProbe;
let eventsUrl: string;

beforeAll(async () => {
  network = await Network.start({ dataDir: directory.path, adminApi: true });
  world = await World.enter(network);
  probe = await LogProbe.open(network);
  eventsUrl = `${network.adminUrl}/api/v1/events`;
});
afterAll(async () => {
  await probe?.close();
  await world?.close();
  await network?.stop();
  directory.remove();
});

const head = async (): Promise<number> =>
  (await probe.database.query<{ number: number }>('SELECT number::int AS number FROM lockstep.head')).rows[0]!.number;
const blocksOf = ({ events }: EventClient): unknown[] =>
  events.filter(({ type }) => type === 'block').map(({ data }) => data.block);
const upTo = (client: EventClient, number: number) =>
  client.events.filter(({ data }) => (data.block as number) <= number);

test('a connection that is cut in mid-stream many times, and a process that is killed, give the log exactly', async () => {
  const [first] = network.chainIds as [number];
  const client = new EventClient(`${eventsUrl}?fromBlock=1`);
  let until = Infinity;
  const reading = client.read(
    () => blocksOf(client).length >= until,
    () => 200 + Math.floor(Math.random() * 4_000),
  );

  await world.setPrice(2_400n * DOLLAR);
  const series = await world.list([0, 1, 1, 2]);
  expect(await world.write(series, ETHER)).toBe('committed');
  expect(await world.exercise(series, ETHER / 2n)).toBe('committed');
  const refusal = await world.exercise(series, 9n * ETHER);
  expect(refusal).toMatch(/^insufficient_/);
  const { wallet } = world.viem(first);
  const restarts = [async () => {}, () => killAdminApi()];
  for (const restart of restarts) {
    for (let n = 0; n < 10; n++) {
      await wallet.sendTransaction({ account: world.accounts[5]!, to: world.accounts[6]!.address, value: 1n });
      await world.setPrice(BigInt(2_400 + n) * DOLLAR);
    }
    await restart();
  }
  until = (await head()) + 1;
  await reading;
  expect(client.connections).toBeGreaterThan(10);

  const newest = until - 1;
  const ids = client.events.filter(({ type }) => type !== 'executor').map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(blocksOf(client).slice(0, newest)).toEqual(Array.from({ length: newest }, (_, index) => index + 1));
  const { rows: blocks } = await probe.database.query<{ hash: Buffer }>(
    'SELECT hash FROM lockstep.blocks WHERE number <= $1 ORDER BY number',
    [newest],
  );
  const told = upTo(client, newest);
  expect(told.filter(({ type }) => type === 'block').map(({ data }) => data.hash)).toEqual(
    blocks.map(({ hash }) => bytesToHex(hash)),
  );
  const { rows: entries } = await probe.database.query<{ id: Buffer; kind: EntryKind }>(
    'SELECT id, kind FROM lockstep.entries WHERE lane = 0 AND block_number <= $1 ORDER BY sequence',
    [newest],
  );
  expect(told.flatMap(({ data }) => data.entryId ?? [])).toEqual(entries.map(({ id }) => bytesToHex(id)));
  const { rows: audits } = await probe.database.query<{ id: string }>(
    'SELECT id FROM lockstep.audit WHERE block_number <= $1 ORDER BY id',
    [newest],
  );
  expect(audits.length).toBeGreaterThan(0);
  expect(told.flatMap(({ data }) => data.auditId ?? [])).toEqual(audits.map(({ id }) => id));
  const decided = told
    .filter(({ type }) => type === 'operation.decided')
    .map(({ data }) => data.reason ?? data.outcome);
  expect(decided).toEqual(['commit', 'commit', refusal]);
  expect(told[0]).toMatchObject({ type: 'leader', data: { block: 1, epoch: 1 } });

  // Another connection, to the process that was started since, is told the same, id by id.
  const again = new EventClient(`${eventsUrl}?fromBlock=1`);
  await again.read(() => blocksOf(again).length > newest);
  expect(upTo(again, newest)).toEqual(told);
});

async function killAdminApi(): Promise<void> {
  network.adminApi!.kill('SIGKILL');
  await network.adminApi!.exited;
  await network.startAdminApi();
}

test('incidents come once, also across connections, and only the kinds that are asked for', async () => {
  const client = new EventClient(`${eventsUrl}?kinds=incident,operation.prepared`);
  let wanted = 0;
  const told = () => client.events.filter(({ data }) => data.incident === 'tested');
  const reading = client.read(() => wanted > 0 && told().length >= wanted);
  await waitFor('the stream', () => client.connections > 0 && client.lastEventId !== undefined, 10_000);
  const dataSource = await createDataSource(network.databaseUrl, { applicationName: 'test', poolSize: 2 });
  try {
    for (let n = 0; n < 6; n++) {
      await recordIncident(dataSource, 'tested', { n });
      await waitFor('it is told', () => told().length > n, 15_000);
      client.disconnect();
    }
  } finally {
    wanted = 6;
    client.disconnect();
    await reading;
    await dataSource.destroy();
  }
  expect(told().map(({ type, data }) => [type, data.incident, data.detail])).toEqual(
    [0, 1, 2, 3, 4, 5].map((n) => ['incident', 'tested', { n }]),
  );
});

test('a client that does not read is told so, and comes back to where it was without a loss', async () => {
  const { port } = new URL(network.adminUrl);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('GET /api/v1/events?kinds=incident HTTP/1.0\r\n\r\n');
  await once(socket, 'readable'); // the stream has begun; from here on nothing is read
  const count = 100;
  await probe.database.query(
    `INSERT INTO lockstep.incidents (kind, detail)
     SELECT 'large', jsonb_build_object('n', n, 'padding', repeat('x', 200000)) FROM generate_series(1, $1) AS n`,
    [count],
  );
  const overflows = async (): Promise<boolean> =>
    /^lockstep_admin_api_event_overflows_total [1-9]/m.test(await (await fetch(`${network.adminUrl}/metrics`)).text());
  await waitFor('the client is too slow', overflows, 40_000);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  const [, resumeFrom] = /event: overflow\ndata: {"resumeFrom":"([^"]*)"}\n\n$/.exec(text) ?? [];
  expect(resumeFrom).toBeDefined();
  const numbers = [...text.matchAll(/"incident":"large","detail":{"n":(\d+)/g)].map(([, n]) => Number(n));

  const client = new EventClient(`${eventsUrl}?kinds=incident`);
  client.lastEventId = resumeFrom;
  const dataSource = await createDataSource(network.databaseUrl, { applicationName: 'test', poolSize: 1 });
  await recordIncident(dataSource, 'large', { n: count + 1 });
  await dataSource.destroy();
  const rest = () =>
    client.events.filter(({ data }) => data.incident === 'large').map(({ data }) => data.detail as { n: number });
  await client.read(() => rest().at(-1)?.n === count + 1);
  numbers.push(...rest().map(({ n }) => n));
  expect(numbers).toEqual(Array.from({ length: count + 1 }, (_, index) => index + 1));
});

test('what cannot be told is refused: unknown kinds, ids of nobody, ids of another log', async () => {
  const status = async (query: string, lastEventId?: string): Promise<[number, string]> => {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const response = await fetch(eventsUrl + query, { headers, signal: AbortSignal.timeout(10_000) });
    return [response.status, ((await response.json()) as { code: string }).code];
  };
  expect(await status('?kinds=block,nonsense')).toEqual([400, 'INVALID_REQUEST']);
  expect(await status('', 'nonsense')).toEqual([400, 'EVENT_ID_INVALID']);
  expect(await status('', '1-1-00000000-0-0')).toEqual([409, 'EVENT_ID_LOST']);
  expect(await status('', '99999999-1-00000000-0-0')).toEqual([409, 'EVENT_ID_LOST']);
});

test('a stream ends within seconds when its key is revoked', async () => {
  const dataSource = await createDataSource(network.databaseUrl, { applicationName: 'test', poolSize: 2 });
  const keys = new ApiKeys(dataSource);
  const { key, text } = await keys.create('events', 'viewer');
  const response = await fetch(eventsUrl, { headers: { authorization: `Bearer ${text}` } });
  expect(response.status).toBe(200);
  await keys.revoke(key.id);
  const told = await response.text(); // ends only when the stream does
  expect(told).toMatch(/event: closed\ndata: .*key.*\n\n$/);
  await dataSource.destroy();
});

test('the sequencer and the admin API serve what they measured of all this', async () => {
  const text = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();
  const sequencer = await text(network.rpcUrl);
  expect(sequencer).toMatch(/^lockstep_sequencer_is_leading 1$/m);
  expect(sequencer).toMatch(/^lockstep_sequencer_decisions_total{outcome="commit",reason="none"} 2$/m);
  expect(sequencer).toMatch(/^lockstep_sequencer_submissions_total{kind="transaction",code="ok"} 20$/m);
  expect(sequencer).toMatch(/^lockstep_sequencer_append_seconds_count [1-9]/m);
  const admin = await text(network.adminUrl);
  expect(admin).toMatch(/^lockstep_admin_api_requests_total{method="GET",route="\/api\/v1\/events",status="400"} 2$/m);
  expect(admin).toMatch(/^lockstep_process_cpu_seconds_total /m);
});
