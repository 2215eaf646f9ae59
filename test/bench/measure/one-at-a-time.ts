import { bytesToHex } from '#libs/protocol';
import { callRpc } from '#libs/testkit';
import type { BenchNetwork } from '../bench-network.js';
import type { LoadLane } from '../load/lanes.js';
import type { DeliveryWatch } from './delivery-watch.js';
import { type Latency, latencyOf } from './quantiles.js';

/** One transaction at a time over HTTP, the next once the one before was delivered. */
export interface OneAtATime {
  submitToDelivery: Latency;
  /** Until `eth_sendRawTransaction` answered: durable. */
  submitToAnswer: Latency;
}

/** @param lane of the rollup that `watch` follows */
export async function measureOneAtATime(
  { network }: BenchNetwork,
  watch: DeliveryWatch,
  lane: LoadLane,
  count: number,
): Promise<OneAtATime> {
  const deliveredMs: number[] = [];
  const answeredMs: number[] = [];
  const url = network.rollupUrl(lane.chainId);
  for (const { raw, hash } of lane.sign(count).transactions) {
    const delivered = watch.next(hash);
    const startedMs = performance.now();
    await callRpc(url, 'eth_sendRawTransaction', [bytesToHex(raw)]);
    answeredMs.push(performance.now() - startedMs);
    deliveredMs.push((await delivered).atMs - startedMs);
  }
  return { submitToDelivery: latencyOf(deliveredMs), submitToAnswer: latencyOf(answeredMs) };
}
