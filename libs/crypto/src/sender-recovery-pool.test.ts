import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { keccak256, uint64ToBytesBE } from '#libs/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LocalSigner } from './local-signer.js';
import { type RecoveryRecord } from './recovery-batch.js';
import { SenderRecoveryPool, type SenderRecoveryPoolOptions } from './sender-recovery-pool.js';

const WORKER_URL = new URL('./recover.worker.js', import.meta.url);
/** A worker that ends as soon as it is given work. */
const CRASHING_WORKER = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => { throw new Error('crashed on purpose'); });`;
/** A worker that takes work and never answers. */
const SILENT_WORKER = `require('node:worker_threads').parentPort.on('message', () => {});`;

const signers = Array.from({ length: 5 }, (_, index) => new LocalSigner(new Uint8Array(32).fill(index + 1)));

interface Signed {
  record: RecoveryRecord;
  address: Uint8Array;
}

let counter = 0n;
function sign(count: number): Signed[] {
  return Array.from({ length: count }, () => {
    const signer = signers[Number(counter % 5n)]!;
    const signingHash = keccak256(uint64ToBytesBE(counter++));
    const signature = signer.sign(signingHash);
    const recoveryId = signature[64] === 27 ? 0 : 1;
    return { record: { signingHash, signature: signature.subarray(0, 64), recoveryId }, address: signer.address };
  });
}

const recordsOf = (signed: Signed[]) => signed.map(({ record }) => record);
const addressesOf = (signed: Signed[]) => signed.map(({ address }) => address);

let pool: SenderRecoveryPool;
let workers: Worker[] = [];
const exits: Promise<unknown>[] = [];

/** Opens a pool whose first workers run `scripts`, the later ones the real one. */
function openPool(options: SenderRecoveryPoolOptions, scripts: string[] = [], causes: unknown[] = []) {
  workers = [];
  const createWorker = () => {
    const script = scripts.shift();
    const worker = script === undefined ? new Worker(WORKER_URL) : new Worker(script, { eval: true });
    workers.push(worker);
    exits.push(once(worker, 'exit').catch(() => undefined));
    return worker;
  };
  pool = new SenderRecoveryPool(options, { createWorker, onWorkerCrash: (cause) => causes.push(cause) });
}

afterEach(async () => {
  await pool.close();
  // Hangs, and so fails, if a worker is left.
  await Promise.all(exits.splice(0));
});

describe('SenderRecoveryPool', () => {
  it('finds the worker file by itself', async () => {
    pool = new SenderRecoveryPool({ workers: 1 }, {});
    const signed = sign(3);
    expect(await pool.recover(recordsOf(signed))).toEqual(addressesOf(signed));
  });

  it('answers many concurrent requests of all sizes, each in its own order', async () => {
    openPool({ workers: 2, queueMax: 10_000 });
    const requests = [1, 1, 2, 700, 1, 0, 9, 128, 129, 1, 3].map(sign);
    const answers = await Promise.all(requests.map((signed) => pool.recover(recordsOf(signed))));
    expect(answers).toEqual(requests.map(addressesOf));
    expect(pool.recordsPending).toBe(0);
  });

  it('uses both workers for one large request', async () => {
    openPool({ workers: 2 });
    const posted = workers.map((worker) => countPosts(worker));
    const signed = sign(300);
    expect(await pool.recover(recordsOf(signed))).toEqual(addressesOf(signed));
    expect(posted.map((count) => count() > 0)).toEqual([true, true]);
  });

  it('sends requests made together in one message', async () => {
    openPool({ workers: 1 });
    const posted = countPosts(workers[0]!);
    const requests = Array.from({ length: 50 }, () => sign(1));
    const answers = await Promise.all(requests.map((signed) => pool.recover(recordsOf(signed))));
    expect(answers).toEqual(requests.map(addressesOf));
    expect(posted()).toBe(1);
  });

  it('keeps as many batches at a worker as it was told, so that none waits for a main thread that is busy', async () => {
    openPool({ workers: 1, workerBatchesMax: 5 });
    const messages = vi.spyOn(workers[0]!, 'postMessage');
    const signed = sign(128 * 8);
    const answer = pool.recover(recordsOf(signed));
    await new Promise((resolve) => setImmediate(resolve));
    expect(messages).toHaveBeenCalledTimes(5);
    expect(await answer).toEqual(addressesOf(signed));
    expect(messages).toHaveBeenCalledTimes(8);
  });

  it('answers null for a signature without a signer and keeps its neighbours', async () => {
    openPool({ workers: 1 });
    const signed = sign(2);
    // No point of the curve has the x coordinate 5.
    const signature = new Uint8Array(64);
    signature[31] = 5;
    signature[63] = 1;
    const orphan: RecoveryRecord = { signingHash: new Uint8Array(32), signature, recoveryId: 0 };
    const [first, second] = signed;
    expect(await pool.recover([first!.record, orphan, second!.record])).toEqual([
      first!.address,
      null,
      second!.address,
    ]);
  });

  it('refuses what exceeds the queue, whole, and takes it again when there is room', async () => {
    openPool({ workers: 1, queueMax: 10 });
    const signed = sign(8);
    const first = pool.recover(recordsOf(signed));
    expect(pool.canAccept(2)).toBe(true);
    expect(pool.canAccept(3)).toBe(false);
    await expect(pool.recover(recordsOf(sign(3)))).rejects.toMatchObject({
      type: { code: 'RECOVERY_QUEUE_FULL', records: 3, recordsPending: 8, recordsMax: 10 },
    });
    expect(await first).toEqual(addressesOf(signed));
    expect(pool.canAccept(10)).toBe(true);
    const again = sign(10);
    expect(await pool.recover(recordsOf(again))).toEqual(addressesOf(again));
  });

  it('refuses a record of the wrong size before it reaches a worker', async () => {
    openPool({ workers: 1 });
    const { record } = sign(1)[0]!;
    await expect(pool.recover([{ ...record, signature: new Uint8Array(65) }])).rejects.toThrow(RangeError);
    expect(pool.recordsPending).toBe(0);
  });

  it('replaces a worker terminated in mid-flight and redoes its batches', async () => {
    const causes: unknown[] = [];
    openPool({ workers: 2 }, [SILENT_WORKER], causes);
    const silent = workers[0]!;
    const posted = countPosts(silent);
    const requests = [sign(200), sign(1), sign(50)];
    const answers = Promise.all(requests.map((signed) => pool.recover(recordsOf(signed))));
    await expect.poll(posted).toBeGreaterThan(0);
    await silent.terminate();
    expect(await answers).toEqual(requests.map(addressesOf));
    expect(causes).toHaveLength(1);
    expect(workers).toHaveLength(3);
    expect(pool.recordsPending).toBe(0);
  });

  it('redoes a batch once, then rejects its requests with the cause and goes on', async () => {
    openPool({ workers: 1 }, [CRASHING_WORKER, CRASHING_WORKER]);
    const doomed = pool.recover(recordsOf(sign(4)));
    await expect(doomed).rejects.toMatchObject({
      type: { code: 'RECOVERY_WORKER_CRASHED', records: 4 },
      cause: { message: 'crashed on purpose' },
    });
    expect(pool.recordsPending).toBe(0);
    const signed = sign(4);
    expect(await pool.recover(recordsOf(signed))).toEqual(addressesOf(signed));
  });

  it('counts a crash against the batch in work, not against the one behind it', async () => {
    openPool({ workers: 1 }, [CRASHING_WORKER, CRASHING_WORKER]);
    // The first batch is full, so the second waits at the same worker.
    const doomed = pool.recover(recordsOf(sign(128)));
    const signed = sign(5);
    const innocent = pool.recover(recordsOf(signed));
    await expect(doomed).rejects.toMatchObject({ code: 'RECOVERY_WORKER_CRASHED' });
    expect(await innocent).toEqual(addressesOf(signed));
  });

  it('starts no worker for a slot that lost its own until there is work', async () => {
    openPool({ workers: 1 }, ['process.exit(3)']);
    await once(workers[0]!, 'exit');
    expect(workers).toHaveLength(1);
    const signed = sign(1);
    expect(await pool.recover(recordsOf(signed))).toEqual(addressesOf(signed));
    expect(workers).toHaveLength(2);
  });

  it('rejects what is pending at close and everything after, and leaves no worker', async () => {
    openPool({ workers: 2 }, [SILENT_WORKER, SILENT_WORKER]);
    const pending = pool.recover(recordsOf(sign(1_000)));
    const rejected = expect(pending).rejects.toMatchObject({ code: 'RECOVERY_POOL_CLOSED' });
    const closing = pool.close();
    expect(pool.close()).toBe(closing);
    await closing;
    await rejected;
    expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1]);
    expect(pool.canAccept(1)).toBe(false);
    await expect(pool.recover([])).rejects.toMatchObject({ code: 'RECOVERY_POOL_CLOSED' });
  });
});

/** Counts the messages that the pool sends to a worker from now on. */
function countPosts(worker: Worker): () => number {
  let count = 0;
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (...args: Parameters<Worker['postMessage']>) => {
    count++;
    post(...args);
  };
  return () => count;
}
