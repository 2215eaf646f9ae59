import { fetchGenesis, type ReplaySource } from '#libs/executor-sdk';
import { bytesToHex, type Genesis, type LaneSlice, NO_SENDER, equalBytes, SignedHeader, Slice } from '#libs/protocol';
import type { AuditedBlock, AuditedEntry, AuditedLane, AuditSource } from './audit-source.js';

/** Slices of one rollup, fetched as they are needed. */
class SliceReader {
  private slices: Uint8Array[] = [];

  constructor(
    private readonly source: ReplaySource,
    private readonly chainId: number,
  ) {}

  /** The slice of a block; null where the feed has none. */
  async take(number: number): Promise<Slice | null> {
    if (this.slices.length === 0) {
      const { slices } = await this.source.replay(this.chainId, { from: number, limit: 0, offset: 0 });
      this.slices = slices.reverse();
    }
    const bytes = this.slices.pop();
    return bytes ? Slice.deserialize(bytes) : null;
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
      const slices = await Promise.all(
        rollups().map(async (chainId) => {
          let reader = readers.get(chainId);
          if (!reader) readers.set(chainId, (reader = new SliceReader(this.source, chainId)));
          return { chainId, slice: await reader.take(number) };
        }),
      );
      const block = assemble(number, slices);
      if (block) yield block;
    }
  }
}

/** One block from the slices of all rollups; null where the feed gave none. */
function assemble(number: number, slices: { chainId: number; slice: Slice | null }[]): AuditedBlock | null {
  const first = slices.find(({ slice }) => slice)?.slice;
  if (!first) return null;
  const faults: AuditedBlock['faults'] = [];
  const said = SignedHeader.serialize({ header: first.header, signature: first.signature });
  const shared = takeLane(first.shared);
  const lanes = [shared.lane];
  const entries = shared.entries;
  for (const { chainId, slice } of slices) {
    if (!slice) {
      faults.push({ rule: 'I12 SLICE_MISSING', message: `the feed has no slice of block ${number} for ${chainId}` });
      continue;
    }
    const { header, signature } = slice;
    if (!equalBytes(said, SignedHeader.serialize({ header, signature }))) {
      faults.push({
        rule: 'I13 HEADERS_DIFFER',
        message: `rollup ${chainId} is shown another header of block ${number}`,
      });
    }
    if (bytesToHex(LaneBytes(slice.shared)) !== bytesToHex(LaneBytes(first.shared))) {
      faults.push({
        rule: 'I13 SHARED_LANES_DIFFER',
        message: `rollup ${chainId} is shown another shared lane of block ${number}`,
      });
    }
    const own = takeLane(slice.own);
    lanes.push(own.lane);
    for (const entry of own.entries) entries.push(entry);
  }
  entries.sort((a, b) => (a.sequence < b.sequence ? -1 : 1));
  return { number, header: first.header, signature: first.signature, lanes, entries, stored: null, faults };
}

const LaneBytes = (lane: LaneSlice): Uint8Array => Slice.fields.shared.serialize(lane);

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
