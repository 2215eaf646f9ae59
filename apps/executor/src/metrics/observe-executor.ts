import { ConnectionWatch, type NatsConnection } from '#libs/messaging';
import type { ExecutorMetrics } from '#libs/runtime';
import type { Executor } from '../engine/executor.js';

/** Lets the gauges look at an executor whenever they are asked for. */
export function observeExecutor(metrics: ExecutorMetrics, executor: Executor, nats: NatsConnection): void {
  const watch = new ConnectionWatch(nats);
  metrics.height.observe(() => executor.cursor.number);
  metrics.timestamp.observe(() => executor.cursor.timestamp / 1000);
  metrics.lag.observe(() => executor.lag().blocks);
  metrics.lagTime.observe(() => executor.lag().ms / 1000);
  metrics.isFollowing.observe(() => executor.describe().state === 'following');
  metrics.isHalted.observe(() => executor.halted !== null);
  metrics.natsConnected.observe(() => watch.isConnected);
  metrics.storeBytes.observe(() => executor.store.sizeBytes());
  metrics.undecidedVotes.observe(() => executor.undecidedVotes);
}
