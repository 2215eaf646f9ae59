// Shows that every route takes exactly the keys that it says, and that nothing is open by accident.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { API_ROLES, ApiKeys, type ApiRole, createDataSource, migrate, roleAllows } from '#libs/persistence';
import { type PostgresServer, startPostgres, waitFor, temporaryDirectory } from '#libs/testkit';
import { AdminApiSettings } from '../config.js';
import { createOpenApiDocument } from '../openapi/document.js';
import { runAdminApi } from '../run-admin-api.js';
import { ACCESS_EXTENSION, ACCESS_KEY, type AccessLevel } from './access.decorator.js';
import { AccessService } from './access.service.js';

let directory: string;
let postgres: PostgresServer;
let dataSource: DataSource;
let keys: ApiKeys;
let app: NestFastifyApplication;
let url: string;
const texts = new Map<string, string>();

const start = (settings: Record<string, string> = {}): Promise<NestFastifyApplication> =>
  runAdminApi(
    AdminApiSettings.parse({
      ...{ DATABASE_URL: postgres.url, NATS_URL: 'nats://127.0.0.1:9', ADMIN_PORT: '0', LOCKSTEP_LOG_LEVEL: 'silent' },
      ...{ ADMIN_RATE_ADDRESS_MAX: '100000', ADMIN_RATE_KEY_MAX: '100000', ...settings },
    }),
  );

const statusOf = async (base: string, method: string, path: string, key?: string): Promise<number> => {
  const response = await fetch(base + path, {
    method: method.toUpperCase(),
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    redirect: 'manual',
  });
  await response.body?.cancel();
  return response.status;
};

beforeAll(async () => {
  directory = temporaryDirectory('access');
  postgres = await startPostgres({ dataDir: join(directory, 'postgres') });
  await migrate(postgres.url);
  dataSource = await createDataSource(postgres.url);
  keys = new ApiKeys(dataSource);
  for (const role of API_ROLES) texts.set(role, (await keys.create(role, role)).text);
  texts.set('expired', (await keys.create('expired', 'admin', new Date(Date.now() - 1))).text);
  const revoked = await keys.create('revoked', 'admin');
  await keys.revoke(revoked.key.id);
  texts.set('revoked', revoked.text);
  texts.set('wrong', `${texts.get('admin')!.slice(0, 21)}${'A'.repeat(43)}`);
  app = await start();
  url = await app.getUrl();
  await waitFor('the API reaches Postgres', async () => (await statusOf(url, 'get', '/readyz')) === 200, 30_000);
});
afterAll(async () => {
  await app?.close();
  await dataSource?.destroy();
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Every route that the document names, with values in its path. */
function routes(): { method: string; path: string; level: AccessLevel }[] {
  const { paths } = createOpenApiDocument(app);
  return Object.entries(paths).flatMap(([template, item]) =>
    Object.entries(item as Record<string, Record<string, AccessLevel>>).map(([method, operation]) => ({
      method,
      path: template.replaceAll(/\{chainId\}/g, '1').replaceAll(/\{\w+\}/g, `0x${'00'.repeat(32)}`),
      level: operation[ACCESS_EXTENSION]!,
    })),
  );
}

const CREDENTIALS = [undefined, 'wrong', 'expired', 'revoked', ...API_ROLES] as const;

test.each(CREDENTIALS)('every route with the key: %s', async (credential) => {
  const isRole = API_ROLES.includes(credential as ApiRole);
  for (const { method, path, level } of routes()) {
    const status = await statusOf(url, method, path, credential && texts.get(credential));
    const what = `${method} ${path} (${level}) with ${credential ?? 'no key'}`;
    if (level !== 'open' && !isRole) expect(status, what).toBe(401);
    else if (level !== 'open' && !roleAllows(credential as ApiRole, level)) expect(status, what).toBe(403);
    else expect([401, 403], what).not.toContain(status);
  }
});

test('every handler says who may call it, and only health and pages are open to all', () => {
  const reflector = app.get(Reflector);
  const open: string[] = [];
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype, instance } of module.controllers.values()) {
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown>;
      for (const name of Object.getOwnPropertyNames(prototype)) {
        const handler = prototype[name];
        if (typeof handler !== 'function' || !Reflect.hasMetadata(METHOD_METADATA, handler)) continue;
        const level = reflector.getAllAndOverride<AccessLevel | undefined>(ACCESS_KEY, [handler, metatype!]);
        expect(level, `${metatype!.name}.${name}`).toBeDefined();
        if (level === 'open') open.push(`${metatype!.name}.${name}`);
      }
    }
  }
  expect(open.filter((name) => !/^(Health|Metrics|Home)Controller\./.test(name))).toEqual([]);
});

test('the refusals are problem documents with stable codes', async () => {
  const { path } = routes().find(({ level, method }) => level !== 'open' && method === 'post')!;
  const codes = await Promise.all(
    [undefined, 'wrong', 'expired', 'revoked', 'viewer'].map(async (credential) => {
      const authorization = credential && `Bearer ${texts.get(credential)}`;
      const response = await fetch(url + path, { method: 'POST', headers: authorization ? { authorization } : {} });
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
      if (response.status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      return ((await response.json()) as { code: string }).code;
    }),
  );
  expect(codes).toEqual(['KEY_MISSING', 'KEY_INVALID', 'KEY_EXPIRED', 'KEY_REVOKED', 'FORBIDDEN']);
});

test.each(['key', 'access_token', 'API_KEY'])('a key in the URL as %s is refused, even a good one', async (name) => {
  for (const path of ['/healthz', '/api/v1/rollups/1/pause']) {
    const method = path === '/healthz' ? 'GET' : 'POST';
    const response = await fetch(`${url}${path}?${name}=${texts.get('admin')}`, { method });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { code: string }).code).toBe('KEY_IN_URL');
  }
});

test('with open reads only reads are open, and a key that is sent must still be good', async () => {
  const open = await start({ LOCKSTEP_ADMIN_OPEN_READS: '1' });
  try {
    const base = await open.getUrl();
    await waitFor('it reaches Postgres', async () => (await statusOf(base, 'get', '/readyz')) === 200, 30_000);
    for (const { method, path, level } of routes()) {
      const status = await statusOf(base, method, path);
      if (level === 'open' || level === 'viewer') expect([401, 403], path).not.toContain(status);
      else expect(status, path).toBe(401);
      if (level === 'viewer') expect(await statusOf(base, method, path, texts.get('revoked'))).toBe(401);
    }
  } finally {
    await open.close();
  }
});

describe('bounds and headers', () => {
  test('beyond its limit a key is told when to go on, and others are not touched', async () => {
    const limited = await start({ ADMIN_RATE_KEY_MAX: '5' });
    try {
      const base = await limited.getUrl();
      await waitFor('it reaches Postgres', async () => (await statusOf(base, 'get', '/readyz')) === 200, 30_000);
      const post = (role: string): Promise<Response> =>
        fetch(`${base}/api/v1/rollups/1/pause`, {
          method: 'POST',
          headers: { authorization: `Bearer ${texts.get(role)}` },
        });
      for (let count = 0; count < 5; count++) expect((await post('operator')).status).not.toBe(429);
      const refused = await post('operator');
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(((await refused.json()) as { code: string }).code).toBe('RATE_LIMITED');
      expect((await post('admin')).status).not.toBe(429);
    } finally {
      await limited.close();
    }
  });

  test('an address is bounded too, whatever keys it tries', async () => {
    const limited = await start({ ADMIN_RATE_ADDRESS_MAX: '3' });
    try {
      const base = await limited.getUrl();
      const statuses: number[] = [];
      for (let count = 0; count < 4; count++) statuses.push(await statusOf(base, 'post', '/api/v1/intake/drain', 'x'));
      expect(statuses.slice(0, 3)).not.toContain(429);
      expect(statuses[3]).toBe(429);
    } finally {
      await limited.close();
    }
  });

  test('every answer has security headers; the documents alone may use inline styles', async () => {
    const policies = await Promise.all(
      ['/healthz', '/nowhere', '/docs'].map(async (path) => {
        const { headers } = await fetch(url + path);
        expect(headers.get('x-content-type-options'), path).toBe('nosniff');
        expect(headers.get('referrer-policy'), path).toBe('no-referrer');
        return headers.get('content-security-policy');
      }),
    );
    for (const policy of policies) {
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
    }
    expect(policies.map((policy) => policy!.includes('unsafe-inline'))).toEqual([false, false, true]);
  });

  test('Swagger UI needs nothing that its policy forbids', async () => {
    const page = await (await fetch(`${url}/docs`)).text();
    const scripts = [...page.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)];
    expect(scripts.length).toBeGreaterThan(0);
    for (const [, attributes, body] of scripts) {
      expect(body!.trim(), 'an inline script').toBe('');
      expect(attributes).toMatch(/src="\.?\//);
      const [, source] = /src="([^"]+)"/.exec(attributes!)!;
      expect((await fetch(new URL(source!, `${url}/docs`))).status).toBe(200);
    }
  });

  test('pages of listed origins may call, others may not', async () => {
    const desk = 'https://desk.example.org';
    const cors = await start({ ADMIN_CORS_ORIGINS: desk });
    try {
      const preflight = async (origin: string): Promise<string | null> => {
        const headers = { origin, 'access-control-request-method': 'POST' };
        const response = await fetch(`${await cors.getUrl()}/api/v1/intake/drain`, { method: 'OPTIONS', headers });
        return response.headers.get('access-control-allow-origin');
      };
      expect(await preflight(desk)).toBe(desk);
      expect(await preflight('https://evil.example.org')).not.toBe('https://evil.example.org');
    } finally {
      await cors.close();
    }
    expect(AdminApiSettings.safeParse({ ADMIN_CORS_ORIGINS: '*' }).error?.message).toMatch('must be origins');
  });

  test('a body beyond 64 KiB is refused', async () => {
    const headers = { authorization: `Bearer ${texts.get('admin')}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ text: 'x'.repeat(70_000) });
    expect((await fetch(`${url}/api/v1/series`, { method: 'POST', headers, body })).status).toBe(413);
  });
});

test('what a key has opened is closed when the key is revoked, and nothing else', async () => {
  const access = app.get(AccessService);
  const [mine, other] = await Promise.all([keys.create('mine', 'viewer'), keys.create('other', 'viewer')]);
  const open = new AbortController();
  const done = new AbortController();
  const [ended, kept, closed] = [mine.key.id, other.key.id, mine.key.id].map((id, index) =>
    access.watch(id, index === 2 ? done.signal : open.signal),
  );
  done.abort();
  await keys.revoke(mine.key.id);
  await vi.waitFor(() => expect(ended!.aborted).toBe(true), 5_000);
  expect([kept!.aborted, closed!.aborted]).toEqual([false, false]);
  open.abort();
});

test('a key that reads time and again is looked at once a second, and refused soon after it was revoked', async () => {
  const { key, text } = await keys.create('polls', 'viewer');
  const asked = vi.spyOn(ApiKeys.prototype, 'authenticate');
  const looks = vi.spyOn(ApiKeys.prototype, 'endedAmong');
  let reads = 0;
  const read = async (): Promise<number> => {
    reads++;
    return statusOf(url, 'get', '/api/v1/configuration', text);
  };
  await vi.waitFor(async () => {
    expect(await read()).not.toBe(401);
    expect(looks.mock.calls.length).toBeGreaterThan(2);
  }, 15_000);
  expect(asked.mock.calls.length).toBeLessThan(reads / 2);
  await keys.revoke(key.id);
  await vi.waitFor(async () => expect(await read()).toBe(401), 5_000);
  asked.mockRestore();
  looks.mockRestore();
});

test('a route that forgot to say who may call it is refused to all', async () => {
  @Controller('forgotten')
  class ForgottenController {
    @Get()
    get(): string {
      return 'secret';
    }
  }
  const { AdminApiModule } = await import('../app.module.js');
  const { createLogger } = await import('#libs/runtime');
  const { NestFactory } = await import('@nestjs/core');
  const { createAdminAdapter, configureAdminServer } = await import('../http/configure-admin-server.js');
  const settings = AdminApiSettings.parse({ DATABASE_URL: postgres.url, NATS_URL: 'nats://127.0.0.1:9' });
  const module = AdminApiModule.of(settings, createLogger('test', 'silent'));
  module.controllers!.push(ForgottenController);
  const careless = await NestFactory.create<NestFastifyApplication>(module, createAdminAdapter(), { logger: false });
  configureAdminServer(careless);
  try {
    await careless.listen(0, '127.0.0.1');
    expect(await statusOf(await careless.getUrl(), 'get', '/forgotten', texts.get('admin'))).toBe(403);
  } finally {
    await careless.close();
  }
});
