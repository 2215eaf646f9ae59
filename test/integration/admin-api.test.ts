// The admin API on a live network: operations that committed and that were aborted for three reasons, an executor that
// is down. Every answer is held to the API's own OpenAPI document; whatever a dashboard shows can be had.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPTIONS_MARKET_ABI } from '#libs/options';
import type { Hex } from '#libs/protocol';
import { Network, PROJECT_ROOT, waitFor } from '#libs/testkit';
import { DocumentedAnswers } from './fixtures/documented-answers.js';
import { endOperations } from './fixtures/ended-operations.js';
import { testDirectory } from './fixtures/test-directory.js';
import { DOLLAR, ETHER, type Listed, MARKET, World } from './fixtures/world.js';

interface Page {
  items: Record<string, unknown>[];
  nextCursor: string | null;
  missing: { part: string; since: string; reason: string }[];
}
interface Operation {
  id: Hex;
  status: string;
  reason: string | null;
  latencyMs: number | null;
  timeline: { step: string; chainId: number | null; isSigned: boolean }[];
  votes: { chainId: number; isInDecision: boolean; arrivedAt: string | null; signature: string | null }[];
  legs: { chainId: number; amount: string; changes: { step: string }[] | null }[];
  missing: Page['missing'];
}

const NOBODY = `0x${'00'.repeat(32)}`;
const directory = testDirectory('admin-api');
let network: Network;
let world: World;
let api: DocumentedAnswers;
let series: Listed;
let transaction: Hex;
/** By what became of them. */
let operations: Record<string, Hex>;

const chain = (index: number): number => network.chainIds[index]!;
const list = async (path: string): Promise<Page> => (await api.get<Page>(path)).body;
const operation = async (id: Hex): Promise<Operation> => (await api.get<Operation>(`/api/v1/operations/${id}`)).body;

/** All items of a list, page by page. */
async function walk(path: string, limit: number): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Page = await list(
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor && `&cursor=${cursor}`}`,
    );
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

beforeAll(async () => {
  network = await Network.start({
    dataDir: directory.path,
    adminApi: true,
    env: { LOCKSTEP_ADMIN_READ_MS: '10000' },
  });
  world = await World.enter(network);
  const client = world.viem(chain(0));
  transaction = await client.wallet.writeContract({
    ...{ account: world.accounts[2]!, address: MARKET, abi: OPTIONS_MARKET_ABI as never, functionName: 'transfer' },
    args: [world.usd, world.accounts[3]!.address, DOLLAR] as never,
  });
  api = await DocumentedAnswers.of(network.adminUrl);
  await waitFor(
    'the API has heard every executor, one of which is about to be stopped',
    async () => {
      const { items } = await list('/api/v1/executors');
      return items.filter(({ role, seenAt }) => role === 'voting' && seenAt !== null).length === 3;
    },
    20_000,
  );
  ({ series, operations } = await endOperations(network, world));
  await world.admin.setPaused(chain(1), true);
  await world.admin.setPaused(chain(1), false);
  await waitFor(
    'the API has taken in the pause and misses the executor',
    async () => {
      const changes = await list('/api/v1/entries?kind=registry_change');
      return changes.items.length === 3 && changes.missing.some(({ part }) => part === `executor.${chain(2)}`);
    },
    20_000,
  );
});
afterAll(async () => {
  await world?.close();
  await network?.stop();
  directory.remove();
});

test('operations ended in as many ways as the rest of this file needs', () => {
  expect(Object.keys(operations).sort()).toEqual([
    'committed',
    'expired',
    'insufficient_collateral',
    'insufficient_payment',
  ]);
});

test('the OpenAPI document passes a linter without a warning', () => {
  const redocly = join(PROJECT_ROOT, 'node_modules', '.bin', 'redocly');
  const report = execFileSync(redocly, ['lint', `${network.adminUrl}/openapi.json`, '--format=json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  const { totals } = JSON.parse(report.slice(report.indexOf('{'))) as { totals: { errors: number; warnings: number } };
  expect(totals).toMatchObject({ errors: 0, warnings: 0 });
});

test('the overview says where the log ends, who leads, how operations go and who is away since when', async () => {
  const { body } = await api.get<{
    head: { block: number; entries: string };
    leader: { url: string };
    operations: { committed: number; aborted: number; latencyMs: { p50: number } };
    executors: { chainId: number; health: string; lag: { blocks: number } | null }[];
    missing: Page['missing'];
  }>('/api/v1/overview');
  expect(body.head.block).toBeGreaterThan(0);
  expect(body.leader.url).toBe(network.rpcUrl);
  expect(body.operations).toMatchObject({ committed: 1, aborted: 3 });
  const voting = body.executors.filter((_, at) => at % 2 === 0);
  expect(voting.map(({ health }) => health)).toEqual(['healthy', 'healthy', 'silent']);
  expect(voting[2]!.lag!.blocks).toBeGreaterThan(0);
  expect(body.missing).toHaveLength(1);
  expect(Date.parse(body.missing[0]!.since)).toBeLessThan(Date.now());
});

describe('operations', () => {
  test('are listed by kind, status, series, account and reason, newest first', async () => {
    const all = await list('/api/v1/operations');
    expect(all.items).toHaveLength(4);
    expect(all.items.at(-1)).toMatchObject({ id: operations.committed, status: 'committed', reason: null });
    const ids = async (filter: string) => (await list(`/api/v1/operations?${filter}`)).items.map(({ id }) => id);
    expect(await ids('status=committed')).toEqual([operations.committed]);
    expect(await ids('reason=expired')).toEqual([operations.expired]);
    expect(await ids('status=aborted&reason=insufficient_payment')).toEqual([operations.insufficient_payment]);
    expect(await ids(`series=${series.id}&kind=write`)).toHaveLength(4);
    expect(await ids('kind=exercise')).toEqual([]);
    expect(await ids(`account=${world.accounts[1]!.address}&status=committed`)).toEqual([operations.committed]);
    expect(await ids(`account=${world.accounts[7]!.address}`)).toEqual([]);
    expect(await walk('/api/v1/operations', 1)).toEqual(all.items);
  });

  test('have a timeline from PREPARE to what each executor made of them, votes with the times of their arrival', async () => {
    const { timeline, votes, legs, latencyMs } = await operation(operations.committed!);
    expect(latencyMs).toBeGreaterThanOrEqual(0);
    const steps = timeline.map(({ step }) => step);
    expect(steps[0]).toBe('prepared');
    expect(steps.filter((step) => step === 'vote')).toHaveLength(3);
    expect(steps.filter((step) => step === 'decided')).toHaveLength(1);
    expect(steps.indexOf('held')).toBeLessThan(steps.indexOf('decided'));
    expect(steps.indexOf('posted')).toBeGreaterThan(steps.indexOf('decided'));
    for (const vote of votes)
      expect(vote).toMatchObject({ isInDecision: true, arrivedAt: expect.any(String) as string });
    const known = legs.filter(({ chainId }) => chainId !== chain(2));
    for (const { changes } of known) expect(changes!.length).toBeGreaterThan(0);
  });

  test('say what is missing of them where an executor is down', async () => {
    const { status, reason, votes, missing } = await operation(operations.expired!);
    expect([status, reason]).toEqual(['aborted', 'expired']);
    expect(missing.map(({ part }) => part)).toEqual([`executor.${chain(2)}`]);
    expect(votes.map(({ chainId }) => chainId)).not.toContain(chain(2));
  });

  test.each(['insufficient_collateral', 'insufficient_payment'])('say who refused: %s', async (reason) => {
    const { votes, ...found } = await operation(operations[reason]!);
    expect(found).toMatchObject({ status: 'aborted', reason });
    expect(votes.filter((vote) => vote.isInDecision)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ yes: false, reason, signature: expect.any(String) as string }),
      ]),
    );
  });
});

describe('the log', () => {
  test('is listed block by block; a block is found by number and by hash', async () => {
    const [newest] = (await list('/api/v1/blocks?limit=1')).items;
    const byNumber = await api.get(`/api/v1/blocks/${String(newest!.number)}`);
    const byHash = await api.get(`/api/v1/blocks/${String(newest!.hash)}`);
    expect(byHash.body).toEqual(byNumber.body);
  });

  test('is listed entry by entry, each once and without a gap', async () => {
    const sequences = (await walk('/api/v1/entries', 7)).map(({ sequence }) => BigInt(sequence as string));
    expect(sequences.at(-1)).toBe(1n);
    sequences.reduce((newer, older) => (expect(newer - older).toBe(1n), older));
  });

  test.each(['transaction', 'price', 'prepare', 'decision', 'state_root', 'registry_change'])(
    'gives the same entries of kind %s by the projection and by reading everything, and their content',
    async (kind) => {
      const expected = (await walk('/api/v1/entries', 200)).filter((entry) => entry.kind === kind);
      expect(expected.length).toBeGreaterThan(0);
      const newest = expected[0]!.sequence as string;
      await waitFor(
        `the projection holds entry ${newest}`,
        async () => {
          const [first] = (await list(`/api/v1/entries?kind=${kind}&limit=1`)).items;
          return first !== undefined && BigInt(first.sequence as string) >= BigInt(newest);
        },
        10_000,
      );
      const seen = await walk(`/api/v1/entries?kind=${kind}`, 2);
      expect(seen.filter(({ sequence }) => BigInt(sequence as string) <= BigInt(newest))).toEqual(expected);
      const { body } = await api.get<{ content: object }>(`/api/v1/entries/${newest}`);
      expect(Object.keys(body.content).length).toBeGreaterThan(1);
    },
  );

  test('is filtered by rollup, sender, hash and block, alone and together', async () => {
    const [byHash] = (await list(`/api/v1/entries?hash=${transaction}`)).items;
    const sender = world.accounts[2]!.address;
    expect(byHash).toMatchObject({ lane: chain(0), sender: sender.toLowerCase(), nonce: '0', kind: 'transaction' });
    const filters = [
      `sender=${sender}`,
      `sender=${sender}&rollup=${chain(0)}&kind=transaction`,
      `block=${String(byHash!.block)}&sender=${sender}`,
      `rollup=${chain(0)}&kind=transaction`,
    ];
    for (const filter of filters) expect(await walk(`/api/v1/entries?${filter}`, 1), filter).toEqual([byHash]);
    for (const filter of [
      `sender=${sender}&rollup=${chain(1)}`,
      `sender=${sender}&kind=price`,
      'rollup=0&kind=transaction',
    ])
      expect((await list(`/api/v1/entries?${filter}`)).items, filter).toEqual([]);
  });
});

test('rollups, executors, series, prices, accounts and positions are there', async () => {
  const { body: rollup } = await api.get(`/api/v1/rollups/${chain(1)}`);
  expect(rollup).toMatchObject({ chainId: chain(1), paused: false, health: 'healthy' });
  expect((await list('/api/v1/rollups')).items).toHaveLength(3);
  expect((await list(`/api/v1/executors/${chain(0)}`)).items[0]).toMatchObject({ role: 'voting', health: 'healthy' });
  expect((await list('/api/v1/executors')).items).toHaveLength(6);
  const { body: terms } = await api.get(`/api/v1/series/${series.id}`);
  expect(terms).toMatchObject({ id: series.id, status: 'open', delisted: false });
  expect((await list('/api/v1/series?status=open')).items).toEqual([terms]);
  const [market] = (await list('/api/v1/prices')).items;
  expect(market).toMatchObject({ latest: { price: String(2_400n * DOLLAR) } });
  expect((await list(`/api/v1/prices/${world.eth}/${world.usd}`)).items).toEqual([market!.latest]);
  const holder = world.accounts[1]!.address;
  const { body: account } = await api.get<{ rollups: { chainId: number }[]; missing: Page['missing'] }>(
    `/api/v1/accounts/${holder}`,
  );
  expect(account.rollups.map(({ chainId }) => chainId)).toEqual([chain(0), chain(1)]);
  expect(account.missing.map(({ part }) => part)).toEqual([`executor.${chain(2)}`]);
  const positions = await list(`/api/v1/rollups/${chain(0)}/accounts/${holder}/positions`);
  expect(positions.items).toMatchObject([{ series: series.id, available: String(10n * ETHER) }]);
  expect((await list(`/api/v1/rollups/${chain(1)}/positions?side=collateral`)).items).toHaveLength(1);
  await api.get(`/api/v1/rollups/${chain(0)}/accounts/${holder}`);
});

test('the audit log shows what was commanded, and that its chain is whole', async () => {
  const { body } = await api.get<Page & { chain: unknown }>('/api/v1/audit');
  expect(body.items).toHaveLength(3);
  expect(body.chain).toMatchObject({ verifiedTo: '3', fault: null });
  await api.get('/api/v1/incidents');
  const { body: configuration } = await api.get<{ registry: { changeCount: number } }>('/api/v1/configuration');
  expect(configuration.registry.changeCount).toBe(3);
});

describe('problems', () => {
  test.each([
    ['/api/v1/blocks?limit=0', 400, 'INVALID_REQUEST'],
    ['/api/v1/blocks?cursor=x', 400, 'INVALID_CURSOR'],
    ['/api/v1/entries?unknown=1', 400, 'INVALID_REQUEST'],
    [`/api/v1/blocks/${NOBODY}`, 404, 'NOT_FOUND'],
    [`/api/v1/entries/${NOBODY}`, 404, 'NOT_FOUND'],
    [`/api/v1/operations/${NOBODY}`, 404, 'NOT_FOUND'],
    [`/api/v1/series/${NOBODY}`, 404, 'NOT_FOUND'],
    ['/api/v1/rollups/1', 404, 'NOT_FOUND'],
    ['/api/v1/executors/1', 404, 'NOT_FOUND'],
    [`/api/v1/prices/${NOBODY.slice(0, 42)}/${NOBODY.slice(0, 42)}`, 404, 'NOT_FOUND'],
  ])('%s gives %i %s', async (path, status, code) => {
    const answer = await api.get<{ code: string; instance: string }>(path);
    expect(answer).toMatchObject({ status, body: { code, status, instance: path.split('?')[0] } });
  });

  test('an account on the rollup whose executor is down is unavailable, and the answer names who is away', async () => {
    const { status, body } = await api.get(`/api/v1/rollups/${chain(2)}/accounts/${world.accounts[1]!.address}`);
    expect(status).toBe(503);
    expect(body).toMatchObject({ code: 'UNAVAILABLE', missing: [{ part: `executor.${chain(2)}` }] });
  });
});

test('who has an answer already is told so by its ETag', async () => {
  const path = `/api/v1/operations?series=${series.id}&status=committed`;
  const { headers } = await api.get(path);
  const again = await api.get(path, { 'if-none-match': headers.get('etag')! });
  expect([again.status, again.body]).toEqual([304, undefined]);
});

test('the page at / loads nothing from elsewhere and its own policy allows its script', async () => {
  const response = await fetch(`${network.adminUrl}/`);
  const page = await response.text();
  expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'sha256-/);
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
});
