import { type OutgoingSlice, RecentSlices, type SliceSource } from '#libs/messaging';
import type { LogReader } from '#libs/persistence';
import { Genesis, Slice } from '#libs/protocol';

/** The log as followers replay it: the newest slices from memory, older ones from Postgres. */
export class LogSlices implements SliceSource {
  private readonly recent = new RecentSlices();
  private readonly genesisSsz: Uint8Array;

  /**
   * @param height number of the newest block that this node knows
   * @param isRollup whether the registry in force in the next block lists it: then its slices go back to block 1
   */
  constructor(
    genesis: Genesis,
    private readonly reader: Pick<LogReader, 'slices'>,
    private readonly height: () => number,
    private readonly isRollup: (chainId: number) => boolean,
  ) {
    this.genesisSsz = Genesis.serialize(genesis);
  }

  genesisBytes(): Uint8Array {
    return this.genesisSsz;
  }

  head(): number {
    return this.height();
  }

  async slices(chainId: number, from: number, limit: number, bytesMax: number): Promise<Uint8Array[]> {
    if (!this.isRollup(chainId)) return [];
    const recent = this.recent.slices(chainId, from, limit, bytesMax);
    if (recent) return recent;
    const slices = await this.reader.slices(chainId, from, limit, bytesMax);
    return slices.map((slice) => Slice.serialize(slice));
  }

  /** Keeps a durable block's slices for those who ask next. */
  add(number: number, slices: OutgoingSlice[]): void {
    this.recent.add(number, slices);
  }

  /** Forgets what this node has written: another leads now, and the log may go on otherwise. */
  clear(): void {
    this.recent.clear();
  }
}
