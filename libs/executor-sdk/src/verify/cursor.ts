import { ContainerType, ListCompositeType } from '@chainsafe/ssz';
import {
  Bytes32,
  type Genesis,
  logId as logIdOf,
  type Registry,
  Restore,
  SignedHeader,
  Uint53,
  Uint64,
} from '#libs/protocol';

/** Where a follower stands: all it needs to verify the next slice. */
export interface Cursor {
  logId: Uint8Array;
  chainId: number;
  /** The last block that was handed out; 0 for genesis. */
  number: number;
  /** Its hash; the log id for genesis. */
  hash: Uint8Array;
  epoch: number;
  /** Its log time in ms. */
  timestamp: number;
  /** Global sequence of the next block's first entry. */
  nextSequence: bigint;
  /** Sequence of the last entry of each lane, 0 for none. */
  laneSequences: LaneSequences;
  /** Its signed header, kept as evidence against a second one; null for genesis. */
  signedHeader: SignedHeader | null;
  /** The newest {@link RESTORES_MAX} restores that the log declares, ascending; what they cut off is ignored. */
  restores: readonly Restore[];
  /** In force for the next block. Never changed in place. */
  registry: Registry;
}

/** Far more than an operator declares while headers of a lost branch are still about. */
export const RESTORES_MAX = 64;

/** Sequences of the last entries of the two lanes that a follower reads. */
export interface LaneSequences {
  own: bigint;
  shared: bigint;
}

const CursorPosition = new ContainerType(
  {
    logId: Bytes32,
    chainId: Uint53,
    number: Uint53,
    hash: Bytes32,
    epoch: Uint53,
    timestamp: Uint53,
    nextSequence: Uint64,
    own: Uint64,
    shared: Uint64,
    signedHeader: new ListCompositeType(SignedHeader, 1),
    restores: new ListCompositeType(Restore, RESTORES_MAX),
  },
  { typeName: 'CursorPosition' },
);

/** The cursor before block 1. */
export function genesisCursor(genesis: Genesis, chainId: number): Cursor {
  const logId = logIdOf(genesis);
  return {
    logId,
    chainId,
    number: 0,
    hash: logId,
    epoch: 0,
    timestamp: genesis.startTimeMs,
    nextSequence: 1n,
    laneSequences: { own: 0n, shared: 0n },
    signedHeader: null,
    restores: [],
    registry: genesis.registry,
  };
}

/**
 * A cursor as bytes, without its registry: that changes rarely and can be large, so keep it beside the cursor and write
 * it only when it has changed.
 */
export function serializeCursor(cursor: Cursor): Uint8Array {
  const signedHeader = cursor.signedHeader ? [cursor.signedHeader] : [];
  const restores = [...cursor.restores];
  return CursorPosition.serialize({ ...cursor, ...cursor.laneSequences, signedHeader, restores });
}

/**
 * The cursor of {@link serializeCursor}'s bytes and the registry in force for the next block.
 * @throws Error where the bytes are none
 */
export function deserializeCursor(bytes: Uint8Array, registry: Registry): Cursor {
  const { own, shared, signedHeader, ...position } = CursorPosition.deserialize(bytes);
  return {
    ...position,
    laneSequences: { own, shared },
    signedHeader: signedHeader[0] ?? null,
    registry,
  };
}
