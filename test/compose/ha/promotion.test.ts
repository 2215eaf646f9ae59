// The network of docker-compose.ha.yml: no single server of it can be lost.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '#libs/testkit';
import {
  compose,
  docker,
  inspect,
  leading,
  project,
  setting,
  type Service,
  SERVICES,
  untilHealthy,
} from '../fixtures/compose.js';
import { Probe } from '../fixtures/probe.js';

const RECOVERY_MS_MAX = 90_000;
const STANDBY = 'postgres-standby' as Service;
const sql = (service: string, statement: string): Promise<string> =>
  compose(
    'exec',
    '-T',
    service,
    'psql',
    '-h',
    '/var/run/postgresql',
    '-U',
    'lockstep',
    '-d',
    'lockstep',
    '-qtAc',
    statement,
  );

let probe: Probe;

beforeAll(async () => {
  probe = await Probe.start();
  await probe.tell('start', null);
});
afterAll(() => probe?.stop());

/** Waits until operations are decided again, and checks the history. */
async function expectGoesOn(name: string): Promise<void> {
  const { decided } = await probe.tell('progress', null);
  const isDeciding = async (): Promise<boolean> => (await probe.tell('progress', null)).decided > decided + 2;
  await waitFor('operations to be decided again', isDeciding, RECOVERY_MS_MAX);
  const { failed, table } = await probe.tell('check', { name });
  expect(failed, table).toEqual([]);
}

/** The epoch that is led, once it is above `above`: the leader of a lost Postgres may name the former one for a while. */
async function epochAbove(above: number): Promise<number> {
  let epoch = 0;
  const isAbove = async (): Promise<boolean> => (epoch = (await leading())?.epoch ?? 0) > above;
  await waitFor(`a leader of an epoch above ${above}`, isAbove, RECOVERY_MS_MAX);
  return epoch;
}

test('every connection to Postgres and NATS is by TLS, and plain ones are refused', async () => {
  const plain = await sql(
    'postgres',
    'SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL AND NOT ssl',
  );
  expect(plain).toBe('0');
  const database = ['--network', `${project()}_database`, 'postgres:17'];
  const plainLogin = 'host=postgres user=lockstep dbname=lockstep sslmode=disable';
  await expect(docker('run', '--rm', ...database, 'psql', plainLogin)).rejects.toThrow(
    /no pg_hba.conf entry.*no encryption/,
  );
  const readInfo = `require('node:net').connect(4222, 'nats').once('data', (line) => {
    console.log(JSON.parse(String(line).slice('INFO '.length)).tls_required);
    process.exit();
  })`;
  const network = `${project()}_messaging`;
  expect(await docker('run', '--rm', '--network', network, setting('LOCKSTEP_IMAGE'), '-e', readInfo)).toBe('true');
});

test('the standby is synchronous: a commit is acknowledged once both have it', async () => {
  expect(await sql('postgres', 'SELECT application_name, state, sync_state FROM pg_stat_replication')).toBe(
    'standby|streaming|sync',
  );
});

test('two of three NATS servers may be lost, whichever', async () => {
  for (const pair of [
    ['nats', 'nats-2'],
    ['nats-2', 'nats-3'],
    ['nats-3', 'nats'],
  ]) {
    await compose('kill', ...pair);
    try {
      await expectGoesOn(`without ${pair.join(' and ')}`);
    } finally {
      await compose('start', ...pair);
      await untilHealthy(pair as Service[]);
    }
  }
});

test('the primary is lost: the standby is promoted, nothing acknowledged is lost, and the epoch has risen', async () => {
  const before = await epochAbove(0);
  await compose('kill', 'postgres');
  await promisify(execFile)('scripts/promote-standby.sh');
  await epochAbove(before);
  await untilHealthy(SERVICES.filter((service) => service !== 'postgres'));
  expect((await inspect(STANDBY)).State.Running).toBe(true);
  expect(await sql(STANDBY, 'SELECT pg_is_in_recovery()')).toBe('f');
  await expectGoesOn('after the promotion');
  expect(await sql(STANDBY, 'SELECT count(*) FROM lockstep.restores')).toBe('1');
});

test('at rest everything that was acknowledged before and after is in the log', async () => {
  const { failed, table } = await probe.tell('finish', null);
  expect(failed, table).toEqual([]);
});
