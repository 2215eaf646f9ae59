import { describe, expect, it } from 'vitest';
import { Restore, SignedRestore } from '#libs/protocol';
import { transaction } from './fixtures/chain.js';
import { useServer } from './fixtures/database.js';
import { Leadership } from './leadership.js';
import { declareRestore, pendingRestore } from './restore.js';

const server = useServer();
const LEASE_MS = 60_000;
const SIGNATURE = new Uint8Array(65).fill(7);
const request = (epochAbove: number) => ({ epochAbove, sign: () => SIGNATURE });

/** A log with one block of epoch 1 whose database was another when it was led: as after a restore. */
async function restoredLog() {
  const log = await server.createLog();
  const leadership = new Leadership(log.dataSource);
  await leadership.take('a', 'http://a', LEASE_MS);
  await log.writer.append(log.chain.next([transaction(84001, 1, 0n)], { epoch: 1 }));
  await leadership.release(1);
  await log.dataSource.query(`UPDATE lockstep.leadership SET database_identity = '1/1'`);
  return { ...log, leadership };
}

describe('a database whose timeline is not the one that was led (I11)', () => {
  it('shows that nobody leads it, and nobody writes to it, before a restore was declared', async () => {
    const { leadership, url, chain, writer } = await restoredLog();
    expect(url).toContain('postgres://');
    await expect(leadership.take('b', 'http://b', LEASE_MS)).rejects.toMatchObject({
      type: { code: 'RESTORED', former: '1/1' },
    });
    await writer.outcomeOf(chain.next([], { epoch: 1 })).then(
      () => expect.unreachable(),
      (error: { cause: unknown }) => expect(error.cause).toMatchObject({ type: { code: 'RESTORED' } }),
    );
  });

  it('shows that after one it is led by an epoch above the given, and the RESTORE waits for the next block', async () => {
    const { leadership, dataSource, reader } = await restoredLog();
    const { restore, databaseIdentity, formerIdentity } = await declareRestore(dataSource, request(41));
    const head = (await reader.head())!;
    expect(restore).toEqual({ lastBlock: 1, lastHash: head.hash, epochAbove: 41 });
    expect([formerIdentity, databaseIdentity]).toEqual(['1/1', expect.stringMatching(/^\d+\/1$/)]);
    expect(await leadership.take('b', 'http://b', LEASE_MS)).toEqual({ epoch: 42 });
    expect(await reader.head()).toMatchObject({ epoch: 42, number: 1 });
    const body = await pendingRestore(dataSource, 1);
    expect(SignedRestore.deserialize(body!)).toEqual({ restore, signature: SIGNATURE });
    expect(await pendingRestore(dataSource, 2)).toBeNull();
  });

  it('shows that an epoch below those of the database is raised to them, and of two declarations the newer counts', async () => {
    const { dataSource } = await restoredLog();
    await declareRestore(dataSource, request(9));
    const { restore } = await declareRestore(dataSource, request(3));
    expect(restore.epochAbove).toBe(9);
    const pending = SignedRestore.deserialize((await pendingRestore(dataSource, 1))!);
    expect(Restore.hashTreeRoot(pending.restore)).toEqual(Restore.hashTreeRoot(restore));
  });

  it('shows that a database that is led at this moment is not declared restored', async () => {
    const { dataSource } = await server.createLog();
    await new Leadership(dataSource).take('a', 'http://a', LEASE_MS);
    await expect(declareRestore(dataSource, request(5))).rejects.toMatchObject({ type: { code: 'STILL_LED' } });
  });
});
