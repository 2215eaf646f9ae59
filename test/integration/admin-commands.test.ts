// Commands over the admin API on a live network: each has its effect and its audit row, once, and for the right role alone.
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalSigner } from '#libs/crypto';
import { API_ROLES, ApiKeys, type ApiRole, createDataSource, LogReader, verifyAuditChain } from '#libs/persistence';
import { bytesToHex } from '#libs/protocol';
import { AdminClient, callRpc, devnetKeys, Network, readRegistry, waitFor } from '#libs/testkit';
import { testDirectory } from './fixtures/test-directory.js';
import { DOLLAR, ETHER, type Listed, World } from './fixtures/world.js';

const directory = testDirectory('admin-commands');
let network: Network;
let world: World;
let series: Listed;
let dataSource: DataSource;
let reader: LogReader;
const keys = new Map<ApiRole, { id: string; text: string }>();

beforeAll(async () => {
  network = await Network.start({ dataDir: directory.path, sequencers: 2, adminApi: true });
  world = await World.enter(network);
  dataSource = await createDataSource(network.databaseUrl);
  reader = new LogReader(dataSource);
  for (const role of API_ROLES) {
    const { key, text } = await new ApiKeys(dataSource).create(`the ${role}`, role);
    keys.set(role, { id: key.id, text });
  }
  await world.setPrice(2_500n * DOLLAR);
  series = await world.list([0, 1, 1, 2]);
  expect(await world.write(series, 50n * ETHER)).toBe('committed');
});
afterAll(async () => {
  await dataSource?.destroy();
  await world?.close();
  await network?.stop();
  directory.remove();
});

interface Answer {
  status: number;
  isReplayed: boolean;
  body: {
    code?: string;
    block: number | null;
    sequence: string | null;
    auditId: string | null;
    [name: string]: unknown;
  };
}

/** Sends a command, as an operator unless said otherwise, with an idempotency key of its own unless one is given. */
async function send(path: string, options: { role?: ApiRole; key?: string; body?: object } = {}): Promise<Answer> {
  const { role = 'operator', key = randomUUID(), body } = options;
  const response = await fetch(`${network.adminUrl}/api/v1${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${keys.get(role)!.text}`,
      'idempotency-key': key,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const isReplayed = response.headers.get('idempotency-replayed') === 'true';
  return { status: response.status, isReplayed, body: (await response.json()) as Answer['body'] };
}

const chain = (index: number): number => network.chainIds[index]!;
const auditCount = async (): Promise<bigint> => (await reader.lastAudit())?.id ?? 0n;

/** The row that an answer names: of its block, by this command, asked for by this role's key. */
async function expectRow({ body }: Answer, command: string, role: ApiRole): Promise<void> {
  const [row] = await reader.audits(BigInt(body.auditId!), 1);
  expect(row).toMatchObject({ command, blockNumber: body.block });
  const { requestedBy } = JSON.parse(row!.detail) as { requestedBy: string };
  expect(JSON.parse(requestedBy)).toMatchObject({ apiKey: keys.get(role)!.id, name: `the ${role}` });
  if (body.sequence === null) return;
  const [entry] = await reader.entriesFrom(BigInt(body.sequence), 1);
  expect(entry?.blockNumber).toBe(body.block);
}

interface RegistryJson {
  rollups: { chainId: number; paused: boolean; quarantined: boolean }[];
  series: { id: string; delisted: boolean }[];
}
const url = (): string => network.rollupUrl(chain(0));
const registry = (): Promise<RegistryJson> => callRpc<RegistryJson>(url(), 'lockstep_getRegistry', []);

test.each([
  ['/rollups/:id/pause', '/rollups/:id/resume', 'registry.set_rollup_paused', 'paused'],
  ['/executors/:id/quarantine', '/executors/:id/release', 'registry.set_rollup_quarantined', 'quarantined'],
] as const)('%s and %s change the registry, with an entry and a row each', async (on, off, command, flag) => {
  for (const [path, value] of [
    [on, true],
    [off, false],
  ] as const) {
    const answer = await send(path.replace(':id', String(chain(1))));
    expect(answer).toMatchObject({ status: 200, isReplayed: false, body: { command } });
    await expectRow(answer, command, 'operator');
    await waitFor('the change is in force', async () => (await registry()).rollups[1]![flag] === value, 10_000);
  }
  expect(await send(on.replace(':id', '77'))).toMatchObject({ status: 404, body: { code: 'REGISTRY_UNKNOWN_ROLLUP' } });
});

test('the same key again gives the same answer and has no second effect; another request with it is refused', async () => {
  const key = randomUUID();
  const path = `/rollups/${chain(2)}/resume`;
  const rows = await auditCount();
  const answers = await Promise.all(Array.from({ length: 6 }, () => send(path, { key })));
  const first = answers.find(({ status, isReplayed }) => status === 200 && !isReplayed)!;
  for (const { status, isReplayed, body } of answers) {
    if (status === 200) expect(body).toEqual(first.body);
    else
      expect({ status, code: body.code, isReplayed }).toEqual({
        ...{ status: 409, code: 'COMMAND_IN_FLIGHT', isReplayed: false },
      });
  }
  expect(await send(path, { key })).toEqual({ ...first, isReplayed: true });
  expect(await send(`/rollups/${chain(2)}/pause`, { key })).toMatchObject({
    status: 422,
    body: { code: 'IDEMPOTENCY_KEY_REUSED' },
  });
  expect(await auditCount()).toBe(rows + 1n);
});

test('an API that died before it could answer finds out from the log what it had done', async () => {
  for (const path of [`/rollups/${chain(2)}/resume`, '/intake/resume']) {
    const key = randomUUID();
    const { body } = await send(path, { key });
    const rows = await auditCount();
    network.adminApi!.kill();
    await network.adminApi!.exited;
    await dataSource.query(
      `UPDATE lockstep_admin.commands SET status = NULL, response = NULL, worker_until = clock_timestamp()
       WHERE idempotency_key = $1`,
      [key],
    );
    await network.startAdminApi();
    expect(await send(path, { key })).toEqual({ status: 200, isReplayed: false, body });
    expect(await auditCount()).toBe(rows);
  }
});

test('without an idempotency key nothing is done', async () => {
  const rows = await auditCount();
  const headers = { authorization: `Bearer ${keys.get('admin')!.text}` };
  const response = await fetch(`${network.adminUrl}/api/v1/intake/drain`, { method: 'POST', headers });
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
    400,
    'IDEMPOTENCY_KEY_MISSING',
  ]);
  expect(await auditCount()).toBe(rows);
});

test('the wrong role changes nothing and leaves no row', async () => {
  const rows = await auditCount();
  for (const [role, path] of [
    ['viewer', `/rollups/${chain(0)}/pause`],
    ['viewer', '/intake/drain'],
    ['operator', '/leader/transfer'],
    ['operator', `/series/${series.id}/delist`],
  ] as const) {
    expect(await send(path, { role })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  }
  expect(await auditCount()).toBe(rows);
});

test('a series is listed and delisted; wrong terms are refused by their field, for good', async () => {
  const { underlying, quote, strike, ...rest } = series.terms;
  const body = {
    ...rest,
    underlying: bytesToHex(underlying),
    quote: bytesToHex(quote),
    strike: String(strike + 1n),
  };
  const listed = await send('/series', { role: 'admin', body });
  expect(listed.status).toBe(200);
  await expectRow(listed, 'registry.list_series', 'admin');
  const of = async () => (await registry()).series.find(({ id }) => id === listed.body.series);
  await waitFor('the series is listed', async () => (await of())?.delisted === false, 10_000);
  expect(await send('/series', { role: 'admin', body })).toMatchObject({
    ...{ status: 409, body: { code: 'REGISTRY_SERIES_EXISTS' } },
  });
  const key = randomUUID();
  const wrong = { role: 'admin', key, body: { ...body, strike: '0' } } as const;
  expect(await send('/series', wrong)).toMatchObject({ status: 422, body: { code: 'REGISTRY_SERIES_TERMS' } });
  expect(await send('/series', wrong)).toMatchObject({ status: 422, body: { code: 'REGISTRY_SERIES_TERMS' } });
  const delisted = await send(`/series/${String(listed.body.series)}/delist`, { role: 'admin' });
  await expectRow(delisted, 'registry.delist_series', 'admin');
  await waitFor('the series is delisted', async () => (await of())?.delisted === true, 10_000);
});

test('an undecided operation is aborted, once, by a decision that names the row', async () => {
  network.executors.get(chain(2))!.kill();
  try {
    const intent = world.exerciseIntent(series, ETHER);
    const { id } = await world.submit('ExerciseIntent', series, intent, [world.accounts[1]!]);
    const answer = await send(`/operations/${id}/abort`);
    expect(answer.status).toBe(200);
    await expectRow(answer, 'operation.abort', 'operator');
    expect(await world.settled(id, [chain(0), chain(1)])).toBe('operator_abort');
    expect(await send(`/operations/${id}/abort`)).toMatchObject({
      ...{ status: 409, body: { code: 'OPERATION_NOT_UNDECIDED' } },
    });
  } finally {
    network.startExecutor(chain(2));
    await network.waitForHeight(1);
  }
});

test('a drained intake refuses what is new, decides what is there, and stays so across a takeover', async () => {
  const intent = world.writeIntent(series, ETHER);
  const answer = await send('/intake/drain');
  expect(answer).toMatchObject({ status: 200, body: { command: 'intake.drain', sequence: null } });
  await expectRow(answer, 'intake.drain', 'operator');
  const refused = () =>
    expect(world.submit('WriteIntent', series, intent, world.accounts.slice(0, 2))).rejects.toMatchObject({
      data: { code: 'INTAKE_DRAINED' },
    });
  await refused();
  await world.setPrice(2_510n * DOLLAR);

  const transferred = await send('/leader/transfer', { role: 'admin' });
  expect(transferred.status).toBe(200);
  await expectRow(transferred, 'leader.transfer', 'admin');
  const ended = transferred.body.endedEpoch as number;
  await waitFor(
    'another leads',
    async () => {
      const leader = await network.leader();
      return leader !== null && ((await network.readiness(leader))?.epoch ?? 0) > ended;
    },
    15_000,
  );
  await waitFor(
    'prices are taken again',
    () =>
      world.setPrice(2_500n * DOLLAR).then(
        () => true,
        () => false,
      ),
    15_000,
  );
  await refused();
  const readiness = await (await fetch(`${network.sequencerUrl((await network.leader())!)}/readyz`)).json();
  expect(readiness).toMatchObject({ isDraining: true });

  expect(await send('/intake/resume')).toMatchObject({ status: 200, body: { command: 'intake.resume' } });
  await waitFor(
    'executors are heard by the new leader',
    () =>
      world.write(series, ETHER).then(
        (outcome) => outcome === 'committed',
        () => false,
      ),
    30_000,
  );
});

test('confirming the time reaches every node and leaves no row', async () => {
  const rows = await auditCount();
  expect(await send('/leader/confirm-time', { role: 'admin' })).toMatchObject({
    ...{ status: 200, body: { command: 'leader.confirm-time', block: null, sequence: null, auditId: null } },
  });
  expect(await auditCount()).toBe(rows);
});

test('a rollup is registered once; keys of rollups are changed where there are such rollups and keys', async () => {
  const address = (byte: string): string => `0x${byte.repeat(20)}`;
  const rollup = { chainId: 84_009, name: 'ninth', votingKey: address('a1'), replicaKeys: [address('a2')] };
  expect(await send('/rollups', { body: rollup })).toMatchObject({ status: 403 });
  const key = randomUUID();
  const registered = await send('/rollups', { role: 'admin', key, body: rollup });
  await expectRow(registered, 'registry.register_rollup', 'admin');
  expect(await send('/rollups', { role: 'admin', key, body: rollup })).toMatchObject({ status: 200, isReplayed: true });
  const refusals: [string, object, number, string][] = [
    ['/rollups', rollup, 409, 'REGISTRY_ROLLUP_EXISTS'],
    ['/rollups', { ...rollup, chainId: 84_010 }, 422, 'REGISTRY_ROLLUP'],
    ['/rollups', { ...rollup, chainId: 84_010, name: 'é'.repeat(17) }, 422, 'REGISTRY_ROLLUP'],
    [
      '/keys',
      { role: 'voting', chainId: 1, previous: address('a1'), next: address('a3') },
      404,
      'REGISTRY_UNKNOWN_ROLLUP',
    ],
    ['/keys', { role: 'voting', chainId: 84_009, previous: address('a2'), next: address('a3') }, 422, 'REGISTRY_KEY'],
    ['/keys', { role: 'price', chainId: 84_009, previous: address('a2'), next: address('a3') }, 422, 'REGISTRY_KEY'],
  ];
  for (const [path, body, status, code] of refusals) {
    expect(await send(path, { role: 'admin', body })).toMatchObject({ status, body: { code } });
  }
  const voting = { role: 'voting', chainId: 84_009, previous: address('a1'), next: address('a3') };
  await expectRow(await send('/keys', { role: 'admin', body: voting }), 'registry.set_key', 'admin');
  const replica = { role: 'replica', chainId: 84_009, previous: address('a2'), next: null };
  await expectRow(await send('/keys', { role: 'admin', body: replica }), 'registry.set_key', 'admin');
  // Perhaps of a stand-by, which reads the log a moment later.
  let last: Awaited<ReturnType<typeof readRegistry>>['rollups'][number] | undefined;
  const isChanged = async (): Promise<boolean> =>
    (last = (await readRegistry(url())).rollups.at(-1))?.replicaKeys.length === 0;
  await waitFor('the change at a stand-by', isChanged, 10_000);
  expect(last).toMatchObject({ chainId: 84_009, votingKey: address('a3') });
});

test('keys are replaced: from the next block on the new one signs, and every executor follows', async () => {
  const [price, registryKey] = [
    new LocalSigner(crypto.getRandomValues(new Uint8Array(32))),
    new LocalSigner(crypto.getRandomValues(new Uint8Array(32))),
  ];
  const replace = (role: string, previous: Uint8Array, next: Uint8Array | null): Promise<Answer> =>
    send('/keys', {
      role: 'admin',
      body: { role, previous: bytesToHex(previous), next: next && bytesToHex(next) },
    });
  const oldPrice = new LocalSigner(devnetKeys.price()).address;
  const replaced = await replace('price', oldPrice, price.address);
  await expectRow(replaced, 'registry.set_key', 'admin');
  await expect(world.setPrice(2_600n * DOLLAR)).rejects.toThrow('invalid signature');
  await world.setPrice(2_600n * DOLLAR, price);
  expect(await replace('price', oldPrice, price.address)).toMatchObject({
    status: 422,
    body: { code: 'REGISTRY_KEY' },
  });
  const leads = new LocalSigner(devnetKeys.sequencer((await network.leader())!)).address;
  expect(await replace('sequencer', leads, null)).toMatchObject({ status: 409, body: { code: 'KEY_LEADS' } });

  const oldRegistry = new LocalSigner(devnetKeys.registry()).address;
  const rotated = await replace('registry', oldRegistry, registryKey.address);
  expect(rotated.status).toBe(200);
  expect(await send('/intake/resume')).toMatchObject({ status: 503, body: { code: 'COMMANDS_UNAVAILABLE' } });
  const admin = new AdminClient(url(), network.natsUrl, world.logId, registryKey);
  try {
    const { block } = await admin.setPaused(chain(1), false);
    await network.waitForHeight(block + 1);
  } finally {
    await admin.close();
  }
});

test('all of it stands in one hash chain (I34)', async () => {
  const rows = await reader.audits(1n, 256);
  expect(BigInt(rows.length)).toBe(await auditCount());
  expect(verifyAuditChain(rows)).toBeUndefined();
});
