import { fetchGenesis, peekNumber, type ReplaySource } from '#libs/executor-sdk';
import { type Genesis, type LaneSlice, NO_SENDER, equalBytes, SignedHeader, Slice } from '#libs/protocol';
import type { AuditedBlock, AuditedEntry, AuditedLane, AuditSource } from './audit-source.js';

/** What a feed has at a height: a slice, bytes that are none, or nothing. */
type Shown = { slice: Slice } | { malformed: string } | null;

/** Slices of one rollup, fetched as they are needed. */
class SliceReader {
  /** The newest first. */
  private slices: Uint8Array[] = [];
  private isAtEnd = false;

  constructor(
    private readonly source: ReplaySource,
    private readonly chainId: number,
  ) {}

  /** Whether there may be slices of later blocks. */
  get mayGoOn(): boolean {
    return !this.isAtEnd;
  }

  /** What the feed has of a block. A slice of a later one waits for its turn: the feed leaves blocks out. */
  async take(number: number): Promise<Shown> {
    if (this.slices.length === 0) {
      const { slices } = await this.source.replay(this.chainId, { from: number, limit: 0, offset: 0 });
      this.slices = slices.reverse();
      this.isAtEnd = slices.length === 0;
    }
    const bytes = this.slices.at(-1);
    if (!bytes || (peekNumber(bytes) ?? 0) > number) return null;
    this.slices.pop();
    try {
      return { slice: Slice.deserialize(bytes) };
    } catch (error) {
      return { malformed: (error as Error).message };
    }
  }
}

/** A log as its followers get it: the slices of all rollups, put together again. */
export class FeedSource implements AuditSource {
  constructor(
    private readonly source: ReplaySource,
    /** Any rollup of the log. */
    private readonly chainId: number,
  ) {}

  async genesis(): Promise<{ genesis: Genesis; storedLogId: null }> {
    return { genesis: await fetchGenesis(this.source, this.chainId), storedLogId: null };
  }

  async head(): Promise<number> {
    return (await this.source.replay(this.chainId, { from: 1, limit: 1, offset: 0 })).head;
  }

  async *blocks(last: number, rollups: () => number[]): AsyncIterable<AuditedBlock> {
    const readers = new Map<number, SliceReader>();
    for (let number = 1; number <= last; number++) {
      const shown = await Promise.all(
        rollups().map(async (chainId) => {
          let reader = readers.get(chainId);
          if (!reader) readers.set(chainId, (reader = new SliceReader(this.source, chainId)));
          return { chainId, shown: await reader.take(number) };
        }),
      );
      const block = assemble(number, shown);
      if (block) yield block;
      // A feed that has said its head and ends before it: nobody asks for each of the blocks that are left.
      else if (![...readers.values()].some(({ mayGoOn }) => mayGoOn)) return;
    }
  }
}

/** One block from the slices of all rollups; null where the feed gave none. */
function assemble(number: number, all: { chainId: number; shown: Shown }[]): AuditedBlock | null {
  const found = all.find(({ shown }) => shown && 'slice' in shown)?.shown as { slice: Slice } | undefined;
  if (!found) return null;
  const first = found.slice;
  const faults: AuditedBlock['faults'] = [];
  const said = SignedHeader.serialize({ header: first.header, signature: first.signature });
  const sharedBytes = laneBytes(first.shared);
  const shared = takeLane(first.shared);
  const lanes = [shared.lane];
  const entries = shared.entries;
  for (const { chainId, shown } of all) {
    if (!shown || 'malformed' in shown) {
      const message = `the feed has no slice of block ${number} for ${chainId}`;
      const rule = shown ? 'I12 SLICE_MALFORMED' : 'I12 SLICE_MISSING';
      faults.push({ rule, message: shown ? `${message} but bytes that are none: ${shown.malformed}` : message });
      continue;
    }
    const { header, signature, shared: repeated, own: slice } = shown.slice;
    if (!equalBytes(said, SignedHeader.serialize({ header, signature }))) {
      const message = `rollup ${chainId} is shown another header of block ${number}`;
      faults.push({ rule: 'I13 HEADERS_DIFFER', message });
    }
    if (!equalBytes(sharedBytes, laneBytes(repeated))) {
      const message = `rollup ${chainId} is shown another shared lane of block ${number}`;
      faults.push({ rule: 'I13 SHARED_LANES_DIFFER', message });
    }
    const own = takeLane(slice);
    lanes.push(own.lane);
    for (const entry of own.entries) entries.push(entry);
  }
  entries.sort((a, b) => (a.sequence < b.sequence ? -1 : 1));
  return { number, header: first.header, signature: first.signature, lanes, entries, stored: null, faults };
}

const laneBytes = (lane: LaneSlice): Uint8Array => Slice.fields.shared.serialize(lane);

function takeLane({ chainId, firstLaneSequence, entries, proof }: LaneSlice): {
  lane: AuditedLane;
  entries: AuditedEntry[];
} {
  return {
    lane: { chainId, firstLaneSequence, entryCount: entries.length, root: null, proof },
    entries: entries.map(({ sequence, sender, bytes }, place) => ({
      sequence,
      lane: chainId,
      laneSequence: firstLaneSequence + BigInt(place),
      sender: equalBytes(sender, NO_SENDER) ? null : sender,
      bytes,
      stored: null,
    })),
  };
}
