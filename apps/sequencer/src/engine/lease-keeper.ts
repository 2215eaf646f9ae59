import type { Leadership } from '#libs/persistence';
import type { Logger } from '#libs/runtime';

export interface LeaseKeeperOptions {
  epoch: number;
  everyMs: number;
}

export interface LeaseKeeperModules {
  leadership: Pick<Leadership, 'renew'>;
  logger: Pick<Logger, 'warn'>;
  /** Another node leads; called once. */
  onLost: () => void;
}

/**
 * Renews a lease from when it was taken, also while the log is still being read: else a node that needs longer for that
 * than a lease lasts would lose it to one that needs as long, and so on.
 */
export class LeaseKeeper {
  private readonly timer: NodeJS.Timeout;
  private isStopped = false;

  constructor(
    private readonly options: LeaseKeeperOptions,
    private readonly modules: LeaseKeeperModules,
  ) {
    this.timer = setInterval(() => void this.renew(), options.everyMs);
  }

  stop(): void {
    this.isStopped = true;
    clearInterval(this.timer);
  }

  private async renew(): Promise<void> {
    const { leadership, logger, onLost } = this.modules;
    const { epoch } = this.options;
    try {
      const isHeld = await leadership.renew(epoch);
      if (isHeld || this.isStopped) return;
      this.stop();
      logger.warn({ epoch }, 'another node leads');
      onLost();
    } catch (err) {
      // Not fatal: the epoch in the head, not the lease, keeps two leaders apart.
      logger.warn({ err }, 'the lease could not be renewed');
    }
  }
}
