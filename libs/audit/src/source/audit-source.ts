import type { Genesis, Header } from '#libs/protocol';

/** An entry as a source gives it. */
export interface AuditedEntry {
  sequence: bigint;
  /** Whose lane it stands in; 0: shared. */
  lane: number;
  laneSequence: bigint;
  /** Null where there is none. */
  sender: Uint8Array | null;
  /** Kind byte ‖ body. */
  bytes: Uint8Array;
  /** What a database says of it besides; null of a feed. */
  stored: { blockNumber: number; kind: number; id: Uint8Array; nonce: bigint | null } | null;
}

export interface AuditedLane {
  chainId: number;
  firstLaneSequence: bigint;
  entryCount: number;
  /** As stored; null of a feed. */
  root: Uint8Array | null;
  /** To the header's `lanesRoot`; null of a database. */
  proof: Uint8Array[] | null;
}

/** A block as a source gives it. Nothing of it is trusted. */
export interface AuditedBlock {
  /** The height that it was asked for, or stored under. */
  number: number;
  header: Header;
  signature: Uint8Array;
  /** In the order of the header's lanes root. */
  lanes: AuditedLane[];
  /** By ascending sequence. */
  entries: AuditedEntry[];
  /** What a database says of it besides; null of a feed. */
  stored: {
    hash: Uint8Array;
    epoch: number;
    timestampMs: number;
    firstSequence: bigint;
    entryCount: number;
  } | null;
  /** What the source itself found wrong while it put the block together. */
  faults: { rule: `I${number} ${string}`; message: string }[];
}

/** Where a log is read from. */
export interface AuditSource {
  /** Block 0, and the log id stored beside it, where there is one. */
  genesis(): Promise<{ genesis: Genesis; storedLogId: Uint8Array | null }>;
  /** Number of the newest block of this moment. */
  head(): Promise<number>;
  /**
   * Blocks 1 to `last` in ascending order, as far as they are there.
   * @param rollups chain ids of the registry in force in the next block, asked for before each block is put together
   */
  blocks(last: number, rollups: () => number[]): AsyncIterable<AuditedBlock>;
}
