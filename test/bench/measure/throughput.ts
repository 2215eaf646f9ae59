import type { BenchNetwork } from '../bench-network.js';
import type { Frame } from '../load/lanes.js';
import { submitFrame } from '../load/submit-frame.js';
import { CpuMeter, type CpuUse } from './cpu-meter.js';

/** Transactions in one frame while the load is as high as it goes. */
export const FRAME_TRANSACTIONS = 500;

/** What one run at full load gave. */
export interface Throughput {
  transactions: number;
  /** From the first submit until the last executor has applied the last transaction. */
  orderedPerSecond: number;
  /** From the first submit until the last acknowledgement: durable in Postgres. */
  acknowledgedPerSecond: number;
  seconds: number;
  blocks: number;
  transactionsPerBlock: number;
  cpu: CpuUse[];
}

/** Signs frames for every lane, `transactions` in all, rounded up to whole frames. */
export function signFrames({ lanes }: BenchNetwork, transactions: number): Frame[][] {
  const framesPerLane = Math.ceil(transactions / FRAME_TRANSACTIONS / lanes.length);
  return lanes.map((lane) => Array.from({ length: framesPerLane }, () => lane.sign(FRAME_TRANSACTIONS)));
}

/**
 * Submits signed frames as fast as they are acknowledged, each lane one after the other, and waits until all executors
 * have applied all of them.
 * @throws Error when a transaction was refused, is not in the log, or was not applied
 */
export async function measureThroughput(bench: BenchNetwork, frames: readonly Frame[][]): Promise<Throughput> {
  const transactions = frames.flat().reduce((sum, frame) => sum + frame.transactions.length, 0);
  const before = await bench.head();
  const meter = await CpuMeter.start(bench);
  const startedMs = performance.now();
  await Promise.all(
    frames.map(async (lane) => {
      for (const frame of lane) await submitFrame(bench.nats, frame);
    }),
  );
  const acknowledgedMs = performance.now() - startedMs;
  const appliedMs = (await bench.allApplied()) - startedMs;
  const cpu = meter.stop(transactions);
  const after = await bench.head();
  const inLog = after.transactions - before.transactions;
  if (inLog !== transactions) throw new Error(`${transactions} transactions were submitted, ${inLog} are in the log`);
  await bench.assertApplied();
  const blocks = after.number - before.number;
  return {
    transactions,
    orderedPerSecond: perSecond(transactions, appliedMs),
    acknowledgedPerSecond: perSecond(transactions, acknowledgedMs),
    seconds: Math.round(appliedMs / 10) / 100,
    blocks,
    transactionsPerBlock: Math.round(transactions / blocks),
    cpu,
  };
}

export const perSecond = (count: number, ms: number): number => Math.round((count * 1000) / ms);
