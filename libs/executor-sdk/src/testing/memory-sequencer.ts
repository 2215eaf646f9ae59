import { type DigestSigner } from '#libs/crypto';
import {
  FeedPublisher,
  type NatsConnection,
  type OutgoingSlice,
  ReplayServer,
  type SliceSource,
} from '#libs/messaging';
import {
  absentLane,
  applyRegistryChange,
  blockHash,
  commitmentDigest,
  entryBody,
  entryId,
  entryKind,
  EntryKind,
  entryLeaf,
  findRollup,
  Genesis,
  type Header,
  isShared,
  type Lane,
  laneRoot,
  lanesRoot,
  logId as logIdOf,
  NO_SENDER,
  PROTOCOL_VERSION,
  proveLanes,
  type Registry,
  registryRoot,
  SHARED_LANE,
  SignedRegistryChange,
  Slice,
  type SliceEntry,
} from '#libs/protocol';

/** An entry to be put into the log; `chainId` says into whose lane where it is no shared one. */
export interface NewEntry {
  bytes: Uint8Array;
  sender?: Uint8Array;
  chainId?: number;
}

interface BuiltBlock {
  header: Header;
  hash: Uint8Array;
  slices: Map<number, Uint8Array>;
}

/**
 * A sequencer in memory, for tests of followers and executors: it makes signed blocks with real proofs, publishes
 * slices and answers replay over a real NATS connection. It admits everything and forgets everything at its end.
 */
export class MemorySequencer implements SliceSource {
  readonly logId: Uint8Array;
  readonly blocks: BuiltBlock[] = [];
  epoch = 1;
  timestamp: number;
  registry: Registry;
  /** The last block that replay hands out: a server that is behind what is published. */
  replayUpTo = Infinity;
  private nextSequence = 1n;
  private readonly laneSequences = new Map<number, bigint>();
  private feed: FeedPublisher | null = null;
  private server: ReplayServer | null = null;

  constructor(
    readonly genesis: Genesis,
    readonly signer: DigestSigner,
  ) {
    this.logId = logIdOf(genesis);
    this.timestamp = genesis.startTimeMs;
    this.registry = genesis.registry;
  }

  /** Publishes blocks on this connection from now on and answers replay. */
  serve(connection: NatsConnection): void {
    this.feed = new FeedPublisher(connection);
    this.server?.stop();
    this.server = new ReplayServer(connection, this);
  }

  /** Stops publishing and answering; blocks can still be made. */
  silence(): void {
    this.feed = null;
    this.server?.stop();
    this.server = null;
  }

  /** Makes the next block, an empty one is a heartbeat, and publishes it unless told otherwise. */
  append(entries: NewEntry[] = [], { publish = true, advanceMs = 1 } = {}): BuiltBlock {
    this.timestamp += advanceMs;
    const block = this.build(entries);
    this.blocks.push(block);
    this.applyRegistryChanges(entries);
    if (publish) this.publish(block);
    return block;
  }

  /** Publishes a block's slices, perhaps once more. */
  publish({ slices }: BuiltBlock): void {
    this.feed?.publish([...slices].map(([chainId, bytes]): OutgoingSlice => ({ chainId, bytes })));
  }

  /** Another block of the newest one's height, signed as well: what a leader must never do. */
  equivocate(entries: NewEntry[] = []): BuiltBlock {
    const newest = this.blocks.pop()!;
    const sequences = new Map(this.laneSequences);
    const nextSequence = this.nextSequence;
    this.nextSequence = newest.header.firstSequence;
    const own = Slice.deserialize([...newest.slices.values()][0]!);
    this.laneSequences.set(SHARED_LANE, own.shared.firstLaneSequence - 1n);
    for (const [chainId, bytes] of newest.slices) {
      this.laneSequences.set(chainId, Slice.deserialize(bytes).own.firstLaneSequence - 1n);
    }
    this.timestamp += 1;
    const other = this.build(entries);
    this.blocks.push(newest);
    this.nextSequence = nextSequence;
    for (const [chainId, sequence] of sequences) this.laneSequences.set(chainId, sequence);
    return other;
  }

  genesisBytes(): Uint8Array {
    return Genesis.serialize(this.genesis);
  }

  head(): number {
    return Math.min(this.blocks.length, this.replayUpTo);
  }

  slices(chainId: number, from: number, limit: number, bytesMax: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    let total = 0;
    for (const block of this.blocks.slice(from - 1, Math.min(from - 1 + limit, this.head()))) {
      const bytes = block.slices.get(chainId) ?? this.sliceBefore(block, chainId);
      if (!bytes || (found.length > 0 && total + bytes.length > bytesMax)) break;
      total += bytes.length;
      found.push(bytes);
    }
    return Promise.resolve(found);
  }

  /** The slice of a block from before a rollup was registered; null for none that was. */
  private sliceBefore({ slices }: BuiltBlock, chainId: number): Uint8Array | null {
    if (!findRollup(this.registry, chainId)) return null;
    const [other] = slices.values();
    return Slice.serialize({ ...Slice.deserialize(other!), own: absentLane(chainId) });
  }

  private build(entries: NewEntry[]): BuiltBlock {
    const chainIds = [SHARED_LANE, ...this.registry.rollups.map(({ chainId }) => chainId)];
    const byLane = new Map(chainIds.map((chainId) => [chainId, [] as SliceEntry[]]));
    const firstSequence = this.nextSequence;
    for (const { bytes, sender = NO_SENDER, chainId } of entries) {
      const lane = isShared(entryKind(bytes)) ? SHARED_LANE : chainId!;
      byLane.get(lane)!.push({ sequence: this.nextSequence++, sender, bytes });
    }
    const lanes = chainIds.map((chainId) => this.takeLane(chainId, byLane.get(chainId)!));
    const roots = lanes.map(laneRoot);
    const header: Header = {
      version: PROTOCOL_VERSION,
      logId: this.logId,
      number: this.blocks.length + 1,
      parentHash: this.blocks.at(-1)?.hash ?? this.logId,
      epoch: this.epoch,
      timestamp: this.timestamp,
      firstSequence,
      entryCount: entries.length,
      lanesRoot: lanesRoot(roots),
      registryRoot: registryRoot(this.registry),
      leader: this.signer.address,
    };
    const hash = blockHash(header);
    const signature = this.signer.sign(commitmentDigest(this.logId, 'header', hash));
    const slices = new Map<number, Uint8Array>();
    const sliceOf = (index: number, proof: Uint8Array[]): Slice['own'] => ({
      chainId: chainIds[index]!,
      index,
      firstLaneSequence: lanes[index]!.firstLaneSequence,
      entries: byLane.get(chainIds[index]!)!,
      proof,
    });
    for (let index = 1; index < chainIds.length; index++) {
      const [sharedProof, ownProof] = proveLanes(roots, [0, index]) as [Uint8Array[], Uint8Array[]];
      const slice = { header, signature, shared: sliceOf(0, sharedProof), own: sliceOf(index, ownProof) };
      slices.set(chainIds[index]!, Slice.serialize(slice));
    }
    return { header, hash, slices };
  }

  private takeLane(chainId: number, entries: SliceEntry[]): Lane {
    const last = this.laneSequences.get(chainId) ?? 0n;
    this.laneSequences.set(chainId, last + BigInt(entries.length));
    const leaves = entries.map(({ sequence, sender, bytes }) => entryLeaf(sequence, entryId(bytes), sender));
    return { chainId, firstLaneSequence: last + 1n, leaves };
  }

  private applyRegistryChanges(entries: NewEntry[]): void {
    for (const { bytes } of entries) {
      if (entryKind(bytes) !== EntryKind.REGISTRY_CHANGE) continue;
      const { change } = SignedRegistryChange.deserialize(entryBody(bytes));
      this.registry = applyRegistryChange(this.registry, change, this.timestamp);
    }
  }
}
