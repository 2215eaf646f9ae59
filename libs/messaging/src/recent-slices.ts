import { type OutgoingSlice } from './feed-publisher.js';

interface RecentBlock {
  number: number;
  byChain: Map<number, Uint8Array>;
  bytes: number;
}

/** Bounds of {@link RecentSlices}. */
export interface RecentSlicesOptions {
  /** Blocks kept. Default 1,024. */
  blocksMax?: number;
  /** Bytes kept, all rollups together. Default 64 MiB. */
  bytesMax?: number;
}

/** The newest blocks' slices in memory, for every rollup, so that most replays need no database. */
export class RecentSlices {
  private blocks: RecentBlock[] = [];
  private bytes = 0;
  private readonly blocksMax: number;
  private readonly bytesMax: number;

  constructor({ blocksMax = 1024, bytesMax = 64 * 1024 * 1024 }: RecentSlicesOptions = {}) {
    this.blocksMax = blocksMax;
    this.bytesMax = bytesMax;
  }

  /** Number of the newest block, or null when there is none. */
  get newest(): number | null {
    return this.blocks.at(-1)?.number ?? null;
  }

  /** Adds the next durable block. A number that is not the next one empties the cache first. */
  add(number: number, slices: Iterable<OutgoingSlice>): void {
    if (this.newest !== null && number !== this.newest + 1) this.clear();
    const byChain = new Map<number, Uint8Array>();
    let bytes = 0;
    for (const slice of slices) {
      byChain.set(slice.chainId, slice.bytes);
      bytes += slice.bytes.length;
    }
    this.blocks.push({ number, byChain, bytes });
    this.bytes += bytes;
    this.trim();
  }

  clear(): void {
    this.blocks = [];
    this.bytes = 0;
  }

  /**
   * Slices of a rollup from block `from` on, as many as fit, at least one; null where block `from` is not (or no
   * longer) here.
   */
  slices(chainId: number, from: number, limit: number, bytesMax: number): Uint8Array[] | null {
    const first = this.blocks[0]?.number;
    if (first === undefined || from < first || from >= first + this.blocks.length) return null;
    const found: Uint8Array[] = [];
    let total = 0;
    for (let index = from - first; index < this.blocks.length && found.length < limit; index++) {
      const slice = this.blocks[index]!.byChain.get(chainId);
      if (!slice) break;
      total += slice.length;
      if (found.length > 0 && total > bytesMax) break;
      found.push(slice);
    }
    return found.length > 0 ? found : null;
  }

  private trim(): void {
    let drop = 0;
    let bytes = this.bytes;
    while (this.blocks.length - drop > 1 && (this.blocks.length - drop > this.blocksMax || bytes > this.bytesMax)) {
      bytes -= this.blocks[drop]!.bytes;
      drop++;
    }
    // Taken off in runs: an array loses its head in time proportional to its length.
    if (drop < 64 && drop < this.blocks.length / 4) return;
    this.blocks.splice(0, drop);
    this.bytes = bytes;
  }
}
