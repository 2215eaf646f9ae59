// Shows that a command with an idempotency key is worked on by one at a time and answered once, across crashes.
import { beforeEach, expect, it } from 'vitest';
import { migrate } from '../database/migrate.js';
import { openDataSource, useServer } from '../fixtures/database.js';
import { ApiKeys } from './api-keys.js';
import { type CommandKey, CommandStore } from './command-store.js';

const server = useServer();
const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const SENT = Uint8Array.of(1, 2, 3);
const ANSWER = { status: 200, response: '{"block":7}' };
let command: CommandKey;
let store: (worker: string, workMs?: number) => CommandStore;

beforeEach(async () => {
  const url = await server.createDatabase();
  await migrate(url);
  const dataSource = await openDataSource(url);
  const { key } = await new ApiKeys(dataSource).create('ops', 'operator');
  command = { apiKey: key.id, idempotencyKey: 'a' };
  store = (worker, workMs = 60_000) => new CommandStore(dataSource, worker, workMs);
});

it('shows that of many requests at once with one key one is worked on and the others are told so', async () => {
  const claims = await Promise.all(['a', 'b', 'c', 'd'].map((worker) => store(worker).claim(command, hash(1))));
  expect(claims.map(({ status }) => status).sort()).toEqual(['busy', 'busy', 'busy', 'work']);
});

it('shows that the answer is given again, and that another request with the key is told apart', async () => {
  const one = store('one');
  await one.claim(command, hash(1));
  expect(await one.claim(command, hash(2))).toEqual({ status: 'differs' });
  await one.settle(command, ANSWER);
  expect(await store('two').claim(command, hash(1))).toEqual({ status: 'answered', answer: ANSWER });
  expect(await store('two').claim(command, hash(2))).toEqual({ status: 'differs' });
});

it('shows that whoever succeeds one that died goes on with what that one sent', async () => {
  const dead = store('dead', 0);
  expect(await dead.claim(command, hash(1))).toEqual({ status: 'work', sent: null });
  await dead.keepSent(command, SENT);
  const next = store('next');
  expect(await next.claim(command, hash(2))).toEqual({ status: 'differs' });
  expect(await next.claim(command, hash(1))).toEqual({ status: 'work', sent: SENT });
  // The dead one was only slow: it may neither send nor answer any more.
  expect(await dead.keepSent(command, hash(9))).toBe(false);
  await dead.settle(command, { status: 500, response: '{}' });
  expect(await next.keepSent(command, SENT)).toBe(true);
});

it('shows that a claim that was given back can be taken at once, and an answered one never again', async () => {
  const one = store('one');
  await one.claim(command, hash(1));
  await one.release(command);
  expect(await store('two').claim(command, hash(1))).toEqual({ status: 'work', sent: null });
  await store('two').settle(command, ANSWER);
  await store('two').release(command);
  expect(await store('two').claim(command, hash(1))).toEqual({ status: 'answered', answer: ANSWER });
});

it('shows that old commands are forgotten and young ones kept', async () => {
  const one = store('one');
  await one.claim(command, hash(1));
  await one.forgetOlderThan(60_000);
  expect(await one.claim(command, hash(2))).toEqual({ status: 'differs' });
  await one.forgetOlderThan(0);
  expect(await one.claim(command, hash(2))).toEqual({ status: 'work', sent: null });
});
