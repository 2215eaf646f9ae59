import {
  assertInvariant,
  blockHash,
  type EntryKind,
  entryLeaf,
  type Header,
  LANE_ENTRIES_MAX,
  laneRoot,
  lanesRoot,
  NO_SENDER,
  PROTOCOL_VERSION,
  type Registry,
  registryRoot,
  SHARED_LANE,
  SLICE_BYTES_MAX,
} from '#libs/protocol';

/** The newest durable block, and where the next one goes on. */
export interface Tip {
  number: number;
  hash: Uint8Array;
  timestampMs: number;
  /** Global sequence of the next entry. */
  nextSequence: bigint;
  /** Next lane sequence of each lane that has had an entry; a lane without begins at 1. */
  nextLaneSequences: ReadonlyMap<number, bigint>;
}

/** An entry to be placed. `lane` is a chain id, or the shared lane. */
export interface NewEntry {
  kind: EntryKind;
  lane: number;
  id: Uint8Array;
  /** 20 bytes for a transaction, null otherwise. */
  sender: Uint8Array | null;
  /** A transaction's nonce, null otherwise. */
  nonce: bigint | null;
  /** The serialised entry. */
  bytes: Uint8Array;
}

export interface PlacedEntry extends NewEntry {
  sequence: bigint;
  laneSequence: bigint;
}

/** One lane of a sealed block. */
export interface SealedLane {
  chainId: number;
  firstLaneSequence: bigint;
  root: Uint8Array;
  entries: PlacedEntry[];
}

/** A block that only lacks the leader's signature and its place in Postgres. */
export interface SealedBlock {
  header: Header;
  hash: Uint8Array;
  lanes: SealedLane[];
  /** All entries in ascending sequence. */
  entries: PlacedEntry[];
  /** The tip once this block is durable. */
  nextTip: Tip;
}

/** Upper bound of a slice's bytes besides its entries: header, signature, two lanes' fields, offsets and proofs. */
const SLICE_OVERHEAD_BYTES = 2048;
/** Bytes a slice needs for an entry besides the entry itself: offset, sequence, sender. */
const ENTRY_OVERHEAD_BYTES = 36;

interface DraftLane {
  firstLaneSequence: bigint;
  bytes: number;
  entries: PlacedEntry[];
  leaves: Uint8Array[];
}

/**
 * A block while it is being filled. Gives each entry its global and its lane sequence, refuses what would exceed the
 * bounds of a lane or a slice (design, section 4), and seals into a header. Pure: timestamp and tip are given.
 */
export class BlockDraft {
  readonly entries: PlacedEntry[] = [];
  private readonly lanes = new Map<number, DraftLane>();
  private largestOwnLaneBytes = 0;

  constructor(
    readonly tip: Tip,
    /** In force in this block. */
    readonly registry: Registry,
    readonly timestampMs: number,
    private readonly logId: Uint8Array,
  ) {
    assertInvariant(timestampMs >= tip.timestampMs, () => `I7: log time ${timestampMs} is before ${tip.timestampMs}`);
    for (const chainId of laneChainIds(registry)) {
      const firstLaneSequence = tip.nextLaneSequences.get(chainId) ?? 1n;
      this.lanes.set(chainId, { firstLaneSequence, bytes: 0, entries: [], leaves: [] });
    }
  }

  /** Whether an entry of this size still fits into the lane and into every slice that would carry it. */
  hasRoom(lane: number, entryBytes: number): boolean {
    const draftLane = this.lane(lane);
    if (draftLane.entries.length >= LANE_ENTRIES_MAX) return false;
    const laneBytes = draftLane.bytes + entryBytes + ENTRY_OVERHEAD_BYTES;
    const sharedBytes = lane === SHARED_LANE ? laneBytes : this.lane(SHARED_LANE).bytes;
    const ownBytes = lane === SHARED_LANE ? this.largestOwnLaneBytes : laneBytes;
    return sharedBytes + ownBytes + SLICE_OVERHEAD_BYTES <= SLICE_BYTES_MAX;
  }

  /** Places an entry behind those already there. The caller has asked {@link hasRoom}; without room it throws. */
  add(entry: NewEntry): PlacedEntry {
    const lane = this.lane(entry.lane);
    if (!this.hasRoom(entry.lane, entry.bytes.length)) {
      throw new RangeError(`no room in lane ${entry.lane} for an entry of ${entry.bytes.length} bytes`);
    }
    const sequence = this.tip.nextSequence + BigInt(this.entries.length);
    const laneSequence = lane.firstLaneSequence + BigInt(lane.entries.length);
    const { kind, id, sender, nonce, bytes } = entry;
    const placed: PlacedEntry = { kind, lane: entry.lane, id, sender, nonce, bytes, sequence, laneSequence };
    this.entries.push(placed);
    lane.entries.push(placed);
    lane.leaves.push(entryLeaf(sequence, entry.id, entry.sender ?? NO_SENDER));
    lane.bytes += entry.bytes.length + ENTRY_OVERHEAD_BYTES;
    if (entry.lane !== SHARED_LANE) this.largestOwnLaneBytes = Math.max(this.largestOwnLaneBytes, lane.bytes);
    return placed;
  }

  /** Closes the block. `leader` is the address of the key that will sign the header. */
  seal(epoch: number, leader: Uint8Array): SealedBlock {
    const lanes: SealedLane[] = [...this.lanes].map(([chainId, { firstLaneSequence, leaves, entries }]) => {
      return { chainId, firstLaneSequence, root: laneRoot({ chainId, firstLaneSequence, leaves }), entries };
    });
    const header: Header = {
      version: PROTOCOL_VERSION,
      logId: this.logId,
      number: this.tip.number + 1,
      parentHash: this.tip.hash,
      epoch,
      timestamp: this.timestampMs,
      firstSequence: this.tip.nextSequence,
      entryCount: this.entries.length,
      lanesRoot: lanesRoot(lanes.map(({ root }) => root)),
      registryRoot: registryRoot(this.registry),
      leader,
    };
    const hash = blockHash(header);
    const nextLaneSequences = new Map(this.tip.nextLaneSequences);
    for (const { chainId, firstLaneSequence, entries } of lanes) {
      nextLaneSequences.set(chainId, firstLaneSequence + BigInt(entries.length));
    }
    const nextSequence = header.firstSequence + BigInt(header.entryCount);
    const nextTip = { number: header.number, hash, timestampMs: header.timestamp, nextSequence, nextLaneSequences };
    return { header, hash, lanes, entries: this.entries, nextTip };
  }

  private lane(chainId: number): DraftLane {
    const lane = this.lanes.get(chainId);
    if (!lane) throw new RangeError(`chain id ${chainId} has no lane in this block`);
    return lane;
  }
}

/** Chain ids in the order of a block's lanes: the shared lane, then the rollups as the registry lists them. */
export function laneChainIds(registry: Registry): number[] {
  return [SHARED_LANE, ...registry.rollups.map(({ chainId }) => chainId)];
}
