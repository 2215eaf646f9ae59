// Shows how a sequencer process starts and ends: it waits for servers that are away and says so, ends with one sentence
// where waiting cannot help, and stops in good order whatever is away.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bytesToHex } from '#libs/protocol';
import {
  appScript,
  devnetKeys,
  freePort,
  freePorts,
  type PostgresServer,
  PROJECT_ROOT,
  spawnNode,
  startPostgres,
  type SupervisedProcess,
  waitFor,
  temporaryDirectory,
} from '#libs/testkit';

const START_MS_MAX = 40_000;
const WAITING = /Postgres is not there yet/;

const directory = temporaryDirectory('sequencer');
const dataDir = join(directory, 'postgres');
let postgres: PostgresServer;
/** Nobody listens there. */
let natsPort: number;
const processes: SupervisedProcess[] = [];

beforeAll(async () => {
  natsPort = await freePort();
  postgres = await startPostgres({ dataDir });
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.stop()));
});
afterAll(async () => {
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
});

interface Sequencer {
  process: SupervisedProcess;
  url: string;
  /** All it has written. */
  lines: string[];
}

async function spawn(env: Record<string, string> = {}): Promise<Sequencer> {
  const [port] = (await freePorts(1)) as [number];
  const lines: string[] = [];
  const process = spawnNode({
    name: 'sequencer',
    script: appScript('sequencer'),
    env: {
      DATABASE_URL: postgres.url,
      NATS_URL: `nats://127.0.0.1:${natsPort}`,
      RPC_PORT: String(port),
      SEQUENCER_KEY: bytesToHex(devnetKeys.sequencer(0)),
      LOCKSTEP_TOPOLOGY: join(PROJECT_ROOT, 'config', 'devnet.json'),
      ...env,
    },
    onLine: (line) => void lines.push(line),
  });
  processes.push(process);
  return { process, url: `http://127.0.0.1:${port}`, lines };
}

const get = async (url: string): Promise<{ status: number; body: Record<string, unknown> } | null> => {
  const response = await fetch(url).catch(() => null);
  return response && { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe('a sequencer process', () => {
  it('waits for Postgres, lives and is not ready meanwhile, says so once, and leads by itself when it is there', async () => {
    const { port } = postgres;
    await postgres.stop();
    const { process, url, lines } = await spawn();
    await process.waitForLine(WAITING, START_MS_MAX);
    expect(await get(`${url}/healthz`)).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await get(`${url}/readyz`)).toEqual({ status: 503, body: { status: 'not ready', waitingFor: 'Postgres' } });
    expect((await get(`${url}/84001`))!.status).toBe(503);
    // Long enough for several tries: each takes half a second.
    const first = performance.now();
    await waitFor('some more tries', () => performance.now() - first > 2_000, 5_000);
    expect(lines.filter((line) => WAITING.test(line))).toHaveLength(1);
    postgres = await startPostgres({ dataDir, port });
    await process.waitForLine(/^sequencer listens on /, START_MS_MAX);
    await waitFor('it leads', async () => (await get(`${url}/readyz`))?.body.isLeading === true, START_MS_MAX);
    expect(lines.some((line) => line.includes('Postgres is there'))).toBe(true);
    expect(lines.every((line) => !line.includes('    at '))).toBe(true);
  });

  it.each([
    [
      'a wrong password',
      () => ({ DATABASE_URL: withUrl({ password: 'wrong' }) }),
      /^sequencer: Postgres refuses: pass/,
    ],
    ['an unknown database', () => ({ DATABASE_URL: withUrl({ pathname: '/none' }) }), /refuses: database "none" does/],
    [
      'tables that nobody made',
      () => ({ DATABASE_URL: withUrl({ pathname: '/postgres' }), LOCKSTEP_MIGRATE: '0' }),
      /refuses: (relation|schema) "lockstep/,
    ],
    ['a setting that is missing', () => ({ SEQUENCER_KEY: '' }), /^sequencer: The setting SEQUENCER_KEY is wrong/],
  ])('ends at once with one sentence for %s', async (_, env, sentence) => {
    const { process, lines } = await spawn(env());
    expect(await process.exited).toEqual({ code: 1, signal: null });
    const said = lines.filter((line) => !line.startsWith('{'));
    expect(said[0]).toMatch(sentence);
    expect(said).toHaveLength(2); // what happened, and what to do
  });

  it('ends with 0 when it is stopped while NATS is away, or while it waits for Postgres', async () => {
    const leading = await spawn();
    await leading.process.waitForLine(/^sequencer listens on /, START_MS_MAX);
    const waiting = await spawn({ DATABASE_URL: `postgres://127.0.0.1:${natsPort}/none` });
    await waiting.process.waitForLine(WAITING, START_MS_MAX);
    for (const { process } of [leading, waiting]) {
      process.kill('SIGTERM');
      expect(await process.exited).toEqual({ code: 0, signal: null });
    }
  });
});

function withUrl(over: Partial<Pick<URL, 'password' | 'pathname'>>): string {
  return Object.assign(new URL(postgres.url), over).href;
}
