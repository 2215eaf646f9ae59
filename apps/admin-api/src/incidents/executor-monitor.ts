import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from '#libs/runtime';
import { LOGGER } from '../core/tokens.js';
import { ExecutorWatch } from '../network/executor-watch.js';
import { LogView } from '../network/log-view.js';
import { ExecutorsService } from '../rollups/executors.service.js';
import type { ExecutorHealth, ExecutorView } from '../rollups/rollups.schema.js';
import { EXECUTOR_INCIDENTS, ExecutorIncidents, incidentChanges } from './executor-incidents.js';

const LOOK_EVERY_MS = 1_000;

/** How an executor is, and how it was before; `previous` is null where nobody has looked before. */
export interface ExecutorChange {
  at: Date;
  executor: ExecutorView;
  previous: ExecutorHealth | null;
}

/**
 * Looks at all executors once a second: tells who listens of each change of their health, and keeps what people should
 * look into as incidents. Nothing is judged while this process is deaf itself.
 */
@Injectable()
export class ExecutorMonitor implements OnApplicationBootstrap, OnModuleDestroy {
  /** The newest change of each executor, by rollup and key. */
  private readonly known = new Map<string, ExecutorChange>();
  private readonly listeners = new Set<(change: ExecutorChange) => void>();
  private readonly closing = new AbortController();
  private running: Promise<void> | null = null;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(LogView) private readonly view: LogView,
    @Inject(ExecutorWatch) private readonly watch: ExecutorWatch,
    @Inject(ExecutorsService) private readonly executors: ExecutorsService,
    @Inject(ExecutorIncidents) private readonly incidents: ExecutorIncidents,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  /** How every executor of the registry is, as far as this process has looked. */
  current(): ExecutorChange[] {
    return [...this.known.values()];
  }

  /** Is called with every change until the returned function is. */
  listen(tell: (change: ExecutorChange) => void): () => void {
    this.listeners.add(tell);
    return () => this.listeners.delete(tell);
  }

  private async run(): Promise<void> {
    while (!this.closing.signal.aborted) {
      await this.look().catch((err: unknown) => this.logger.debug({ err }, 'executors are not looked at'));
      await delay(LOOK_EVERY_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    const { registry } = this.view;
    if (!registry || !this.watch.isHearing()) return;
    const executors = await this.executors.of(registry.rollups);
    const at = new Date();
    this.tell(executors, at);
    const open = await this.incidents.open();
    for (const { chainId, key, kind, since } of open) {
      if (kind === EXECUTOR_INCIDENTS.silent) this.watch.remember(chainId, key, since);
    }
    const changes = incidentChanges(
      open,
      executors,
      ({ chainId, key }) => this.watch.silentSince(chainId, key) ?? at,
      at,
    );
    if (changes.begin.length > 0 || changes.end.length > 0) await this.incidents.write(changes, at);
  }

  private tell(executors: readonly ExecutorView[], at: Date): void {
    const ids = new Set(executors.map(idOf));
    for (const id of this.known.keys()) if (!ids.has(id)) this.known.delete(id);
    for (const executor of executors) {
      const id = idOf(executor);
      const previous = this.known.get(id)?.executor.health ?? null;
      if (previous === executor.health) continue;
      const change = { at, executor, previous };
      this.known.set(id, change);
      for (const listener of this.listeners) listener(change);
    }
  }
}

const idOf = ({ chainId, key }: ExecutorView): string => `${chainId}:${key}`;
