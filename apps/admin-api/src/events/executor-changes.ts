import type { ExecutorChange } from '../incidents/executor-monitor.js';
import type { Event } from './event.schema.js';

/** Where a stream hears how executors are. */
export interface ExecutorChanges {
  current(): readonly ExecutorChange[];
  /** Until the returned function is called. */
  listen(tell: (change: ExecutorChange) => void): () => void;
}

/** A change as an event. @param isFirst it tells how the executor is when a stream begins */
export function executorEvent({ at, executor, previous }: ExecutorChange, isFirst: boolean): Event {
  const { chainId, role, key, health, lag, halted, version } = executor;
  return {
    kind: 'executor',
    at: at.toISOString(),
    ...{ chainId, role, key, health, lag, halted, version },
    previous: isFirst ? null : previous,
  };
}

/**
 * What one stream has yet to tell of executors: of each the newest change alone, so that it is bounded however slowly
 * the client reads.
 */
export class PendingChanges {
  private readonly pending = new Map<string, Event>();
  private readonly stop: () => void;

  constructor(changes: ExecutorChanges, wake: () => void) {
    for (const change of changes.current()) this.put(executorEvent(change, true));
    this.stop = changes.listen((change) => {
      this.put(executorEvent(change, false));
      wake();
    });
  }

  /** All that is to be told, once. */
  take(): Event[] {
    const events = [...this.pending.values()];
    this.pending.clear();
    return events;
  }

  end(): void {
    this.stop();
  }

  private put(event: Event): void {
    if (event.kind === 'executor') this.pending.set(`${event.chainId}:${event.key}`, event);
  }
}
