import { describe, expect, it, onTestFinished } from 'vitest';
import { transaction } from '../fixtures/chain.js';
import { backendPid, openClient, openWriter, useServer } from '../fixtures/database.js';
import { startProxy } from '../fixtures/proxy.js';

const server = useServer();
const one = [transaction(84001, 1, 0n)];
const LOCK_HEAD = 'SELECT FROM lockstep.head FOR UPDATE';
const WAITS_FOR_LOCK = `wait_event_type = 'Lock'`;
const quick = { connectMs: 1_000, statementMs: 800, answerMs: 1_000, lockMs: 600 };

describe('a write whose outcome is unknown', () => {
  it('shows that a commit whose answer was lost is found by outcomeOf and by appending again (I8, I10)', async () => {
    const { chain, url, reader } = await server.createLog();
    const proxy = await startProxy(url);
    const writer = openWriter(proxy.url);
    await writer.connect();

    const first = chain.next(one);
    proxy.loseNextAnswer();
    await expect(writer.append(first)).rejects.toMatchObject({ type: { code: 'OUTCOME_UNKNOWN', number: 1 } });
    expect(await writer.outcomeOf(first)).toBe('written');

    const second = chain.next([transaction(84001, 1, 1n)]);
    proxy.loseNextAnswer();
    await expect(writer.append(second)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await writer.append(second)).toMatchObject({ status: 'own', head: { number: 2 } });
    expect(await writer.append(chain.next([]))).toEqual({ status: 'written' });
    expect(await reader.head()).toMatchObject({ number: 3, lastSequence: 2n });
  });

  it('shows that a server process killed with SIGKILL during the append leaves nothing behind', async () => {
    const { chain, url, writer } = await server.createLog();
    const block = chain.draft(one);
    const locker = await openClient(url);
    await locker.query(`BEGIN; ${LOCK_HEAD}`);
    const append = writer.append(block).catch((error: unknown) => error);
    process.kill(await backendPid(await openClient(url), 'lockstep log writer', WAITS_FOR_LOCK), 'SIGKILL');
    expect(await append).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect.poll(() => writer.outcomeOf(block), { timeout: 20_000 }).toBe('absent');
    expect(await writer.append(block)).toEqual({ status: 'written' });
  });

  it('shows that a server process ended by an administrator leaves the outcome open', async () => {
    const { chain, url, writer } = await server.createLog();
    const locker = await openClient(url);
    await locker.query(`BEGIN; ${LOCK_HEAD}`);
    const append = writer.append(chain.draft(one)).catch((error: unknown) => error);
    const watcher = await openClient(url);
    const pid = await backendPid(watcher, 'lockstep log writer', WAITS_FOR_LOCK);
    await watcher.query('SELECT pg_terminate_backend($1)', [pid]);
    expect(await append).toMatchObject({ type: { code: 'OUTCOME_UNKNOWN', sqlState: '57P01' } });
  });

  it('shows that a frozen server process keeps the outcome open until it is gone, and writes nothing later', async () => {
    const { chain, url, reader, writer } = await server.createLog({ timeouts: quick });
    await writer.connect();
    const block = chain.draft(one);
    const watcher = await openClient(url);
    const pid = await backendPid(watcher, 'lockstep log writer');
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => ignoreMissing(() => process.kill(pid, 'SIGCONT')));

    await expect(writer.append(block)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect(writer.outcomeOf(block)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect(writer.append(block)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });

    process.kill(pid, 'SIGCONT');
    const outcome = await writer.outcomeOf(block);
    expect(await reader.head()).toMatchObject({ number: outcome === 'written' ? 1 : 0 });
    expect(await writer.append(block)).toMatchObject({ status: outcome === 'written' ? 'own' : 'written' });
  });

  it('shows that a connection lost between two appends is replaced by the next', async () => {
    const { chain, url, writer } = await server.createLog();
    await writer.append(chain.next(one));
    const watcher = await openClient(url);
    const pid = await backendPid(watcher, 'lockstep log writer');
    await watcher.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
    const block = chain.next([]);
    const result = await writer.append(block).catch(() => writer.append(block));
    expect(['written', 'own']).toContain(result.status);
  });
});

describe('a locked head', () => {
  it('shows that waiting for it too long is a clear error, nothing was written and the writer goes on', async () => {
    const { chain, url, reader, writer } = await server.createLog({ timeouts: quick });
    const locker = await openClient(url);
    await locker.query(`BEGIN; ${LOCK_HEAD}`);
    const block = chain.draft(one);
    await expect(writer.append(block)).rejects.toMatchObject({ type: { code: 'WRITE_FAILED', sqlState: '55P03' } });
    await locker.query('ROLLBACK');
    expect(await reader.head()).toMatchObject({ number: 0 });
    expect(await writer.append(block)).toEqual({ status: 'written' });
  });
});

function ignoreMissing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
