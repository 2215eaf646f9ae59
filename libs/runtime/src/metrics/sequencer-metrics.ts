import { Counter, Histogram, type Registry } from 'prom-client';
import { ENTRY_COUNTS, FAST_SECONDS, OPERATION_SECONDS, SIZES_BYTES } from './buckets.js';
import { ObservedGauge } from './observed-gauge.js';

export type SequencerMetrics = ReturnType<typeof createSequencerMetrics>;

/** What a sequencer measures. */
export function createSequencerMetrics(registry: Registry) {
  const registers = [registry];
  const gauge = <T extends string = never>(what: string, help: string, labelNames: T[] = []) =>
    new ObservedGauge<T>({ name: `lockstep_sequencer_${what}`, help, labelNames, registers });
  const counter = <T extends string = never>(what: string, help: string, labelNames: T[] = []) =>
    new Counter<T>({ name: `lockstep_sequencer_${what}`, help, labelNames, registers });
  const histogram = <T extends string = never>(what: string, help: string, buckets: number[], labelNames: T[] = []) =>
    new Histogram<T>({ name: `lockstep_sequencer_${what}`, help, buckets, labelNames, registers });
  return {
    leadership: {
      isLeading: gauge('is_leading', '1 while this node leads and its last write succeeded.'),
      isReady: gauge('is_ready', '1 while it leads and writes, or follows a leader.'),
      epoch: gauge('leader_epoch', 'Epoch that this node leads; 0 while it stands by.'),
      terms: counter('terms_total', 'Terms that this node has begun to lead since its start.'),
    },
    log: {
      head: gauge('head_blocks', 'Number of the newest durable block, as far as this node has read the log.'),
      timeOffset: gauge('log_time_offset_seconds', 'Log time minus wall time, of the leader; 0 on a stand-by.'),
      timestamp: gauge('log_timestamp_seconds', 'Log time of the newest durable block, since the Unix epoch.'),
      blocks: counter('blocks_total', 'Blocks made durable by this node.'),
      entries: counter('entries_total', 'Entries made durable by this node.', ['kind']),
      blockEntries: histogram('block_entries', 'Entries of a block.', ENTRY_COUNTS),
      blockBytes: histogram('block_bytes', "Bytes of a block's entries.", SIZES_BYTES),
      append: histogram('append_seconds', 'Time of the database transaction that makes a block durable.', FAST_SECONDS),
      appendFailures: counter('append_failures_total', 'Writes that failed or whose outcome was unknown.', ['code']),
    },
    intake: {
      queue: gauge('queue_submissions', 'Submissions that wait for a block.'),
      queueMax: gauge('queue_max_submissions', 'Submissions that may wait; beyond, clients are told to try again.'),
      recovering: gauge('recovery_pending_transactions', 'Transactions whose sender is being recovered.'),
      submissions: counter('submissions_total', 'Answered submissions by kind and result: ok or an error code.', [
        'kind',
        'code',
      ]),
    },
    relay: {
      undecided: gauge('undecided_operations', 'Operations with PREPARE and without DECISION.'),
      votes: counter('votes_total', 'Votes that arrived, by what became of them.', ['chain_id', 'result']),
      decisions: counter('decisions_total', 'Decisions made durable.', ['outcome', 'reason']),
      decision: histogram(
        'decision_seconds',
        'Log time from PREPARE to DECISION, of operations prepared in the same term.',
        OPERATION_SECONDS,
        ['outcome', 'reason'],
      ),
      executorSilence: gauge(
        'executor_silent_seconds',
        "Time since a rollup's voting executor was heard, or since this node began to lead.",
        ['chain_id'],
      ),
    },
    natsConnected: gauge('nats_is_connected', '1 while NATS is connected.'),
    incidents: counter('incidents_total', 'Incidents: votes refused or in conflict, differing roots.', ['kind']),
    rateLimited: counter('rate_limited_total', 'Operations refused because a signer or a series sends too many.', [
      'limit',
    ]),
  };
}
