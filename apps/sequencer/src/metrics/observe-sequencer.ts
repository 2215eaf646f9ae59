import type { SequencerMetrics } from '#libs/runtime';
import type { Sequencer } from '../engine/sequencer.js';
import type { NatsGateway } from '../nats-gateway.js';

/** Lets the gauges look at a node whenever they are asked for. */
export function observeSequencer(metrics: SequencerMetrics, sequencer: Sequencer, gateway: NatsGateway): void {
  const { leadership, log, intake, relay, natsConnected } = metrics;
  leadership.isLeading.observe(() => sequencer.isLeading);
  leadership.isReady.observe(() => sequencer.isReady);
  leadership.epoch.observe(() => sequencer.epoch ?? 0);
  log.head.observe(() => sequencer.tip().number);
  log.timestamp.observe(() => sequencer.tip().timestampMs / 1000);
  log.timeOffset.observe(() => sequencer.logTimeOffsetMs() / 1000);
  intake.queue.observe(() => sequencer.waiting.submissions);
  intake.queueMax.observe(() => sequencer.waiting.submissionsMax);
  intake.recovering.observe(() => sequencer.waiting.recoveries);
  relay.undecided.observe(() => sequencer.undecidedCount());
  relay.executorSilence.observeAll((gauge) => {
    const chainIds = sequencer.registry().rollups.map(({ chainId }) => chainId);
    for (const [chainId, silentMs] of sequencer.executors.silences(chainIds, performance.now())) {
      gauge.set({ chain_id: String(chainId) }, silentMs / 1000);
    }
  });
  natsConnected.observe(() => gateway.isConnected);
}
