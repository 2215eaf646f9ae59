import { indexRegistry, type IndexedSeries } from '#libs/options';
import { bytesToHex, type Series } from '#libs/protocol';
import type { IndexedBlock } from '../log-index.js';
import type { Execution } from './execution.js';
import type { RollupReplay } from './rollup-replay.js';

/**
 * The second half of I23: the first block after a series' window and `prepareMsMax` more (until then something prepared
 * within the window may still commit) leaves nothing of it on any rollup.
 */
export class ClearingCheck {
  private waiting: IndexedSeries[] = [];
  private known: readonly Series[] | null = null;
  private readonly cleared = new Set<string>();

  constructor(
    private readonly prepareMsMax: number,
    private readonly execution: Execution,
  ) {}

  endBlock({ registry, timestampMs, number: blockNumber }: IndexedBlock, rollups: readonly RollupReplay[]): void {
    if (registry.series !== this.known) this.fill(registry.series, [...indexRegistry(registry).allSeries()]);
    for (let next = this.waiting.at(-1); next && this.isDue(next, timestampMs); next = this.waiting.at(-1)) {
      this.waiting.pop();
      const series = bytesToHex(next.id);
      this.cleared.add(series);
      const left = rollups.filter((rollup) => rollup.rowsOf(series) > 0).map(({ chainId }) => chainId);
      const message = () => `series ${series} still has rows on ${left.join(', ')} at ${timestampMs}`;
      this.execution.tally('I23').expect(left.length === 0, message, { blockNumber });
    }
  }

  private isDue({ windowEndMs }: IndexedSeries, timestampMs: number): boolean {
    return windowEndMs + this.prepareMsMax < timestampMs;
  }

  private fill(known: readonly Series[], series: IndexedSeries[]): void {
    this.known = known;
    this.waiting = series
      .filter(({ id }) => !this.cleared.has(bytesToHex(id)))
      .sort((a, b) => b.windowEndMs - a.windowEndMs);
  }
}
