import type { LogState } from './log-state.js';

/** A row of the incidents, as far as it concerns disputes. */
export interface Dispute {
  chainId: number;
  /** Log time of the newest block when the roots were seen to differ, in ms. */
  logTimeMs: number;
}

/**
 * Rollups whose executors stated differing roots: no new prepares until an operator has quarantined or released them
 * since (design, section 8). A new leader begins with the disputes that the incidents tell of.
 */
export class RootDisputes {
  private readonly newestMs = new Map<number, number>();

  add({ chainId, logTimeMs }: Dispute): void {
    this.newestMs.set(chainId, Math.max(logTimeMs, this.newestMs.get(chainId) ?? -Infinity));
  }

  /** Those in dispute. Where an operator has quarantined a rollup, the registry's own flag stops its prepares. */
  among(chainIds: readonly number[], state: Pick<LogState, 'quarantineSetAtMs'>): number[] {
    return chainIds.filter((chainId) => {
      const disputedAtMs = this.newestMs.get(chainId);
      return disputedAtMs !== undefined && (state.quarantineSetAtMs.get(chainId) ?? -Infinity) <= disputedAtMs;
    });
  }
}
