import { BenchSender, type SignedTransaction } from './signed-transactions.js';

/** Senders of one lane of load. A frame has a few transactions of each of them. */
const SENDERS_PER_LANE = 64;

/** Transactions that are submitted together, in one NATS message. */
export interface Frame {
  chainId: number;
  transactions: SignedTransaction[];
}

/**
 * Senders that submit to one rollup, one frame after the other, so that no nonce overtakes another. Several lanes
 * keep several frames open at a time.
 */
export class LoadLane {
  constructor(
    readonly chainId: number,
    readonly senders: readonly BenchSender[],
  ) {}

  /** Signs the lane's next `count` transactions, round robin over its senders. */
  sign(count: number): Frame {
    const { chainId, senders } = this;
    const transactions = Array.from({ length: count }, (_, index) => senders[index % senders.length]!.sign(chainId));
    return { chainId, transactions };
  }
}

/** Accounts that the benchmark's genesis gives money, on every rollup. */
export function createSenders(lanesPerRollup: number): BenchSender[] {
  return Array.from({ length: lanesPerRollup * SENDERS_PER_LANE }, (_, index) => new BenchSender(index));
}

/** The lanes of all rollups, rollups alternating. */
export function createLanes(chainIds: readonly number[], senders: readonly BenchSender[]): LoadLane[] {
  const lanes: LoadLane[] = [];
  for (let start = 0; start < senders.length; start += SENDERS_PER_LANE) {
    for (const chainId of chainIds) lanes.push(new LoadLane(chainId, senders.slice(start, start + SENDERS_PER_LANE)));
  }
  return lanes;
}
