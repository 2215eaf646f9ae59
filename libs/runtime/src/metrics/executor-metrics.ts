import { Counter, Histogram, type Registry } from 'prom-client';
import { FAST_SECONDS } from './buckets.js';
import { ObservedGauge } from './observed-gauge.js';

export type ExecutorMetrics = ReturnType<typeof createExecutorMetrics>;

/** What an executor measures. Its chain id and role stand at every metric of its registry. */
export function createExecutorMetrics(registry: Registry) {
  const registers = [registry];
  const gauge = (what: string, help: string) =>
    new ObservedGauge<never>({ name: `lockstep_executor_${what}`, help, registers });
  const counter = <T extends string = never>(what: string, help: string, labelNames: T[] = []) =>
    new Counter<T>({ name: `lockstep_executor_${what}`, help, labelNames, registers });
  const histogram = (what: string, help: string) =>
    new Histogram({ name: `lockstep_executor_${what}`, help, buckets: FAST_SECONDS, registers });
  return {
    height: gauge('height_blocks', 'Last block applied and stored.'),
    timestamp: gauge('log_timestamp_seconds', 'Log time of the last block, since the Unix epoch.'),
    lag: gauge('lag_blocks', 'Blocks that are known to exist and were not applied.'),
    lagTime: gauge('lag_seconds', 'Age of the last block while others wait; 0 when none does.'),
    isFollowing: gauge('is_following', '1 while blocks come live; 0 while they come by replay, or it has halted.'),
    isHalted: gauge('is_halted', '1 when it has stopped applying.'),
    natsConnected: gauge('nats_is_connected', '1 while NATS is connected.'),
    storeBytes: gauge('store_bytes', 'Size of the store on disk, about.'),
    undecidedVotes: gauge('undecided_votes', 'Votes that wait for a decision.'),
    votes: counter('votes_total', 'Votes signed.', ['vote', 'reason']),
    stateRoots: counter('state_roots_total', 'State roots published.'),
    blocks: counter('blocks_total', 'Blocks applied.'),
    entries: counter('entries_total', 'Entries applied.'),
    transactions: counter('transactions_total', 'Transactions applied, by whether they succeeded.', ['status']),
    apply: histogram('apply_seconds', 'Time that a block took in the ledger.'),
    store: histogram('store_seconds', "Time of a block's write to the store."),
    replays: counter('replays_total', 'Replays begun, by why.', ['why']),
  };
}
