import { describe, expect, it } from 'vitest';
import { transaction } from './fixtures/chain.js';
import { backendPid, openClient, openDataSource, useServer } from './fixtures/database.js';
import { migrate } from './database/migrate.js';
import { Leadership } from './leadership.js';

const server = useServer();
const one = [transaction(84001, 1, 0n)];
const URL_A = 'http://a';
const LONG_MS = 60_000;

describe('Leadership', () => {
  it('shows that a lease is taken while free, refused while held, and taken again after it was given back', async () => {
    const { dataSource, reader } = await server.createLog();
    const leadership = new Leadership(dataSource);
    expect(await leadership.take('a', URL_A, LONG_MS)).toEqual({ epoch: 1 });
    expect(await leadership.take('b', 'http://b', LONG_MS)).toBeUndefined();
    expect(await leadership.current()).toMatchObject({ epoch: 1, holder: 'a', url: URL_A, isExpired: false });
    expect(await reader.head()).toMatchObject({ epoch: 1 });
    await leadership.release(1);
    expect(await leadership.renew(1)).toBe(false);
    expect(await leadership.take('b', 'http://b', LONG_MS)).toEqual({ epoch: 2 });
    await leadership.release(1); // by then another's
    expect(await leadership.current()).toMatchObject({ holder: 'b', isExpired: false });
  });

  it('shows that a lease is taken over only after it expired, and renewing puts that off', async () => {
    const { dataSource } = await server.createLog();
    const leadership = new Leadership(dataSource);
    await leadership.take('a', URL_A, 300);
    const { leaseUntil: first } = await leadership.current();
    expect(await leadership.renew(1)).toBe(true);
    const { leaseUntil } = await leadership.current();
    expect(leaseUntil.getTime()).toBeGreaterThan(first.getTime());
    let taken: { epoch: number } | undefined;
    await expect.poll(async () => (taken = await leadership.take('b', 'http://b', 300)), { interval: 5 }).toBeDefined();
    expect(taken).toEqual({ epoch: 2 });
    const { startedAt } = await leadership.current();
    expect(startedAt.getTime()).toBeGreaterThanOrEqual(leaseUntil.getTime());
    expect(await leadership.renew(1)).toBe(false);
  });

  it('shows that of many who try at once exactly one gets each epoch', async () => {
    const { dataSource } = await server.createLog();
    const leadership = new Leadership(dataSource);
    for (let epoch = 1; epoch <= 5; epoch++) {
      const takes = await Promise.all(
        Array.from({ length: 8 }, (_, index) => leadership.take(`node ${index}`, URL_A, LONG_MS)),
      );
      expect(takes.filter((take) => take !== undefined)).toEqual([{ epoch }]);
      await leadership.release(epoch);
    }
  });

  it("shows that an old epoch's append is refused after a takeover, and the new one's is written (I3)", async () => {
    const { chain, dataSource, writer } = await server.createLog();
    await new Leadership(dataSource).take('b', 'http://b', LONG_MS);
    expect(await writer.append(chain.draft(one))).toMatchObject({ status: 'conflict', head: { epoch: 1, number: 0 } });
    expect(await writer.append(chain.draft(one, { epoch: 1 }))).toEqual({ status: 'written' });
  });

  it('shows that a takeover races appends without losing a block or letting one in afterwards', async () => {
    const { chain, dataSource, reader, writer } = await server.createLog();
    const leadership = new Leadership(dataSource);
    let written = 0;
    const appending = (async () => {
      for (let nonce = 0n; ; nonce++) {
        const result = await writer.append(chain.next([transaction(84001, 1, nonce)]));
        if (result.status !== 'written') return result;
        written++;
      }
    })();
    await expect.poll(() => written).toBeGreaterThan(20);
    expect(await leadership.take('b', 'http://b', LONG_MS)).toEqual({ epoch: 1 });
    const atTakeover = await reader.head();
    const last = await appending;
    expect(last).toEqual({ status: 'conflict', head: atTakeover });
    expect(atTakeover).toMatchObject({ epoch: 1, number: written });
  });

  it('shows that a takeover waits for an append under way and then fences the next', async () => {
    const { url, chain, dataSource, reader, writer } = await server.createLog();
    const holder = await openClient(url);
    const watcher = await openClient(url);
    await holder.query('BEGIN; SELECT FROM lockstep.head FOR UPDATE');
    const append = writer.append(chain.draft(one));
    await backendPid(watcher, 'lockstep log writer', `wait_event_type = 'Lock'`);
    const take = new Leadership(dataSource).take('b', 'http://b', LONG_MS);
    await backendPid(watcher, 'lockstep', `wait_event_type = 'Lock'`);
    await holder.query('COMMIT');
    expect(await append).toEqual({ status: 'written' });
    expect(await take).toEqual({ epoch: 1 });
    expect(await reader.head()).toMatchObject({ epoch: 1, number: 1 });
  });

  it('shows that a transaction that was paused does not keep the next leader out longer than the timeout', async () => {
    const { url, dataSource } = await server.createLog();
    const paused = await openDataSource(url, { applicationName: 'paused', timeouts: { idleInTransactionMs: 200 } });
    const runner = paused.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT FROM lockstep.head FOR UPDATE');
    const begin = performance.now();
    expect(await new Leadership(dataSource).take('b', 'http://b', LONG_MS)).toEqual({ epoch: 1 });
    expect(performance.now() - begin).toBeLessThan(1_500);
    await expect(runner.query('UPDATE lockstep.head SET number = 9')).rejects.toThrow();
    await runner.release();
  });

  it('shows that nobody leads a log without genesis', async () => {
    const url = await server.createDatabase();
    await migrate(url);
    const leadership = new Leadership(await openDataSource(url));
    await expect(leadership.take('a', URL_A, LONG_MS)).rejects.toMatchObject({ code: 'GENESIS_MISSING' });
    expect(await leadership.current()).toMatchObject({ epoch: 0, holder: '', isExpired: true });
  });

  it("shows that Postgres's clock can be read", async () => {
    const { dataSource } = await server.createLog();
    expect(Math.abs((await new Leadership(dataSource).clockMs()) - Date.now())).toBeLessThan(5_000);
  });
});
