import type { Registry, Series } from '#libs/protocol';
import { type IndexedSeries, indexRegistry } from '../registry-index.js';

/**
 * Which series are still to be cleared, the next ones first. What it holds follows from the registry and log time
 * alone, so that it is not part of the state: a series is cleared by the first block whose timestamp lies after its
 * window's end + `prepareMsMax`.
 */
export class ClearingQueue {
  private waiting: IndexedSeries[] = [];
  private series: readonly Series[] | null = null;

  constructor(private readonly prepareMsMax: number) {}

  /**
   * The series that a block clears.
   * @param registry in force in the block
   * @param parentTimestampMs of the block before: what was due then is cleared already
   * @param timestampMs of the block
   */
  takeDue(registry: Registry, parentTimestampMs: number, timestampMs: number): IndexedSeries[] {
    if (registry.series !== this.series) this.fill(registry, parentTimestampMs);
    const due: IndexedSeries[] = [];
    for (let next = this.waiting.at(-1); next && this.clearsAfterMs(next) < timestampMs; next = this.waiting.at(-1)) {
      due.push(next);
      this.waiting.pop();
    }
    return due;
  }

  private fill(registry: Registry, parentTimestampMs: number): void {
    this.series = registry.series;
    this.waiting = [...indexRegistry(registry).allSeries()]
      .filter((series) => this.clearsAfterMs(series) >= parentTimestampMs)
      .sort((a, b) => this.clearsAfterMs(b) - this.clearsAfterMs(a));
  }

  private clearsAfterMs({ windowEndMs }: IndexedSeries): number {
    return windowEndMs + this.prepareMsMax;
  }
}
