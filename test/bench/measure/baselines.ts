import type pg from 'pg';
import { SenderRecoveryPool } from '#libs/crypto';
import { decodeTransaction } from '#libs/protocol';
import type { SignedTransaction } from '../load/signed-transactions.js';
import { perSecond } from './throughput.js';

/** Requests to the recovery pool that are open at a time, each of so many records: it never runs dry. */
const OPEN_REQUESTS = 4;
const REQUEST_RECORDS = 500;

/** What recovering senders takes when nothing else is done. */
export interface Recovery {
  perSecond: number;
  /** CPU time of one recovery, µs: a figure that other load on the machine hardly changes. */
  cpuMicroseconds: number;
}

/**
 * How many senders two worker threads recover in a second with nothing else to do in this process: no sequencer of two
 * workers that checks signatures can order more. The transactions are decoded before the clock starts.
 */
export async function measureRecovery(transactions: readonly SignedTransaction[], ms: number): Promise<Recovery> {
  const records = transactions.slice(0, REQUEST_RECORDS).map(({ raw }) => decodeTransaction(raw));
  const pool = new SenderRecoveryPool({ workers: 2 }, {});
  try {
    await pool.recover(records); // the workers are up, the code is warm
    const startedMs = performance.now();
    const cpuBefore = process.cpuUsage();
    let recovered = 0;
    const recoverUntilDone = async (): Promise<void> => {
      while (performance.now() - startedMs < ms) {
        const { length } = await pool.recover(records);
        recovered += length; // not in one line: the sum would be read before the wait
      }
    };
    await Promise.all(Array.from({ length: OPEN_REQUESTS }, recoverUntilDone));
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpuMicroseconds = Math.round(((user + system) * 10) / recovered) / 10;
    return { perSecond: perSecond(recovered, performance.now() - startedMs), cpuMicroseconds };
  } finally {
    await pool.close();
  }
}

/**
 * What a user would do without this software: each transaction an INSERT of its own into a table with a sequence and a
 * unique hash, one connection, prepared, committed one by one on the same durable Postgres. No signature is checked.
 */
export async function measurePlainInserts(
  database: pg.Client,
  transactions: readonly SignedTransaction[],
  ms: number,
): Promise<number> {
  await database.query(
    'CREATE TABLE public.bench (sequence bigserial PRIMARY KEY, id bytea NOT NULL UNIQUE, bytes bytea NOT NULL)',
  );
  const text = 'INSERT INTO public.bench (id, bytes) VALUES ($1, $2)';
  const startedMs = performance.now();
  let inserted = 0;
  for (const { raw, hash } of transactions) {
    await database.query({ name: 'bench', text, values: [Buffer.from(hash), Buffer.from(raw)] });
    inserted++;
    if (performance.now() - startedMs > ms) break;
  }
  const rate = perSecond(inserted, performance.now() - startedMs);
  await database.query('DROP TABLE public.bench');
  return rate;
}
