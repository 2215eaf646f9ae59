import { setTimeout as delay } from 'node:timers/promises';
import type { BenchNetwork } from '../bench-network.js';
import type { Frame } from '../load/lanes.js';
import { submitFrame } from '../load/submit-frame.js';
import type { DeliveryWatch } from './delivery-watch.js';
import { type Latency, latencyOf } from './quantiles.js';
import { perSecond } from './throughput.js';

/** Transactions in one frame under half load. */
export const PACED_FRAME_TRANSACTIONS = 50;

/** What a run at a given rate gave. */
export interface PacedLoad {
  offeredPerSecond: number;
  acknowledgedPerSecond: number;
  /** From the moment a frame was due until a verifying follower was handed the transaction. */
  submitToDelivery: Latency;
}

/** Signs frames of all lanes in turn, for so many seconds at a rate. */
export function signPacedFrames({ lanes }: BenchNetwork, rate: number, seconds: number): Frame[] {
  const count = Math.ceil((rate * seconds) / PACED_FRAME_TRANSACTIONS);
  return Array.from({ length: count }, (_, index) => lanes[index % lanes.length]!.sign(PACED_FRAME_TRANSACTIONS));
}

/**
 * Submits frames at a steady rate, whether or not earlier ones are answered.
 * @param chainId the rollup that `watch` follows: its transactions are timed
 */
export async function measurePacedLoad(
  bench: BenchNetwork,
  watch: DeliveryWatch,
  chainId: number,
  frames: readonly Frame[],
  rate: number,
): Promise<PacedLoad> {
  const latenciesMs: number[] = [];
  let timed = 0;
  const answers: Promise<void>[] = [];
  const startedMs = performance.now();
  for (const [index, frame] of frames.entries()) {
    const dueMs = startedMs + (index * PACED_FRAME_TRANSACTIONS * 1000) / rate;
    while (performance.now() < dueMs) await delay(1);
    if (frame.chainId === chainId) {
      timed += frame.transactions.length;
      for (const { hash } of frame.transactions) watch.when(hash, (atMs) => latenciesMs.push(atMs - dueMs));
    }
    const answer = submitFrame(bench.nats, frame);
    answer.catch(() => undefined); // told below
    answers.push(answer);
  }
  await Promise.all(answers);
  const seconds = performance.now() - startedMs;
  await watch.until('all transactions are delivered', () => latenciesMs.length === timed);
  return {
    offeredPerSecond: rate,
    acknowledgedPerSecond: perSecond(frames.length * PACED_FRAME_TRANSACTIONS, seconds),
    submitToDelivery: latencyOf(latenciesMs),
  };
}
