// What each part can not do: as a NATS user, as a Postgres role, as a container, and from outside.
import { networkInterfaces } from 'node:os';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { docker, inspect, type Service, SERVICES, setting } from './fixtures/compose.js';
import type { Probe } from './fixtures/probe.js';

const LOG_TABLES = ['genesis', 'blocks', 'entries', 'operations', 'decisions', 'incidents', 'audit'];
const PUBLISHED: Partial<Record<Service, string>> = {
  'sequencer-1': 'RPC_PORT',
  'sequencer-2': 'RPC_PORT_2',
  'admin-api': 'ADMIN_PORT',
};

export function securityTests(probe: () => Probe): void {
  test('an executor can neither publish for another rollup, nor read what is not its own, nor use $JS.API', async () => {
    const foreign = {
      publish: [
        'vote.84002',
        'root.84002',
        'status.84002',
        'feed.replay.84002',
        'feed.slice.84001',
        'vote.request.84001',
      ],
      subscribe: ['feed.slice.84002', 'feed.slice.*', 'vote.request.84002', 'read.84002', 'vote.84001', 'vote.*'],
    };
    const system = {
      publish: ['$JS.API.INFO', '$JS.API.STREAM.CREATE.x', '$SYS.REQ.SERVER.PING', 'price', 'ingress.84001', 'admin.x'],
      subscribe: ['$JS.API.>', '$SYS.>', '_INBOX.>', '>', '*'],
    };
    const publish = [...foreign.publish, ...system.publish];
    const subscribe = [...foreign.subscribe, ...system.subscribe];
    const own = { publish: ['root.84001', 'feed.replay.84001'], subscribe: ['feed.slice.84001', 'vote.request.84001'] };
    const refused = await probe().tell('rights', {
      seedFile: '/secrets/executor-options/nats-seed',
      publish: [...publish, ...own.publish],
      subscribe: [...subscribe, ...own.subscribe],
    });
    expect(refused.publish.sort()).toEqual(publish.sort());
    expect(refused.subscribe.sort()).toEqual(subscribe.sort());
  });

  test('who publishes prices or submits transactions can do only that, and reads nobody’s answers', async () => {
    const rest = {
      publish: ['vote.84001', 'feed.slice.84001', 'admin.x'],
      subscribe: ['feed.slice.84001', '_INBOX.>', '>'],
    };
    for (const [user, own, foreign] of [
      ['price', 'price', 'ingress.84001'],
      ['client', 'ingress.84001', 'price'],
    ] as const) {
      const publish = [...rest.publish, foreign];
      const seedFile = `/secrets/operator/${user}-nats-seed`;
      const refused = await probe().tell('rights', { ...rest, seedFile, publish: [...publish, own] });
      expect(refused.publish.sort()).toEqual(publish.sort());
      expect(refused.subscribe.sort()).toEqual([...rest.subscribe].sort());
    }
  });

  test.each([
    ['sequencer-1', 'the sequencers’ Postgres role'],
    ['admin', 'the admin API’s Postgres role'],
  ])('%s: %s can neither change the log nor take away what protects it', async (folder) => {
    const statements = LOG_TABLES.flatMap((table) => [
      `DELETE FROM lockstep.${table}`,
      `TRUNCATE lockstep.${table} CASCADE`,
      `ALTER TABLE lockstep.${table} DISABLE TRIGGER ALL`,
      `DROP TABLE lockstep.${table} CASCADE`,
    ]);
    statements.push("UPDATE lockstep.blocks SET hash = ''", "UPDATE lockstep.entries SET bytes = ''");
    statements.push('SET session_replication_role = replica', 'CREATE TABLE lockstep.mine ()', 'SET ROLE lockstep');
    const urlFile = `/secrets/${folder}/database-url`;
    const results = await probe().tell('sql', { urlFile, statements });
    for (const [index, result] of results.entries()) {
      expect(result, statements[index]).toMatch(/permission denied|must be owner/);
    }
    expect(await probe().tell('sql', { urlFile, statements: ['SELECT FROM lockstep.blocks LIMIT 1'] })).toEqual(['ok']);
  });

  test.each(SERVICES)(
    '%s runs as nobody in particular, on a read-only root, without capabilities, within limits',
    async (service) => {
      const { HostConfig, Config, Mounts } = await inspect(service);
      expect(Config.User).not.toMatch(/^(root|0)?(:|$)/);
      expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, Privileged: false, CapDrop: ['ALL'], CapAdd: null });
      expect(HostConfig.SecurityOpt).toContain('no-new-privileges:true');
      for (const limit of ['Memory', 'NanoCpus', 'PidsLimit'] as const) expect(HostConfig[limit]).toBeGreaterThan(0);
      expect(Mounts.filter(({ Type }) => Type !== 'volume')).toEqual([]);
      expect(Mounts.filter(({ Destination, RW }) => Destination.startsWith('/secrets') && RW)).toEqual([]);
    },
  );

  test('nothing is published but JSON-RPC and the admin API, and these on 127.0.0.1 alone', async () => {
    for (const service of SERVICES) {
      const { Ports } = (await inspect(service)).NetworkSettings;
      const published = Object.values(Ports).flatMap((bindings) => bindings ?? []);
      const port = PUBLISHED[service];
      expect(published, service).toEqual(port ? [{ HostIp: '127.0.0.1', HostPort: setting(port) }] : []);
    }
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address, family, internal } of addresses) {
      if (internal || family !== 'IPv4') continue;
      for (const port of Object.values(PUBLISHED)) expect(await canConnect(address, Number(setting(port)))).toBe(false);
    }
    expect(await canConnect('127.0.0.1', Number(setting('RPC_PORT')))).toBe(true);
  });

  test('a container of another network reaches no port of any server', async () => {
    const targets: [string, number][] = [];
    for (const service of SERVICES) {
      for (const { IPAddress } of Object.values((await inspect(service)).NetworkSettings.Networks)) {
        for (const port of [5432, 4222, 6222, 8222, 8545, 8080, 3000]) targets.push([IPAddress, port]);
      }
    }
    expect(targets.length).toBeGreaterThan(50);
    const script = `
      const { connect } = require('node:net');
      const reached = [];
      let left = 0;
      for (const [host, port] of ${JSON.stringify(targets)}) {
        left++;
        const socket = connect({ host, port });
        const end = () => { socket.destroy(); if (--left === 0) console.log(JSON.stringify(reached)); };
        socket.setTimeout(2000, end).once('error', end).once('connect', () => { reached.push(host + ':' + port); end(); });
      }`;
    const image = setting('LOCKSTEP_IMAGE');
    expect(JSON.parse(await docker('run', '--rm', '--network', 'bridge', image, '-e', script))).toEqual([]);
  });

  test('executors do not reach Postgres, and Postgres and NATS do not reach each other', async () => {
    const networks = async (service: Service): Promise<string[]> =>
      Object.keys((await inspect(service)).NetworkSettings.Networks).map((name) => name.split('_').at(-1)!);
    expect(await networks('postgres')).toEqual(['database']);
    expect(await networks('nats')).toEqual(['messaging']);
    for (const service of ['executor-options', 'executor-collateral', 'executor-cash'] as const) {
      expect(await networks(service)).toEqual(['messaging']);
    }
  });
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const end = (result: boolean) => () => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
