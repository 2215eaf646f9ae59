import { LockstepError } from '#libs/protocol';

export type LaneName = 'shared' | 'own';

/** What is wrong with a slice. Hashes, roots and keys as hex. */
export type SliceErrorType =
  | { code: 'SLICE_MALFORMED'; reason: string }
  | { code: 'UNSUPPORTED_VERSION'; version: number }
  | { code: 'FOREIGN_LOG'; expected: string; got: string }
  | { code: 'NOT_NEXT'; expected: number; got: number }
  | { code: 'UNKNOWN_LEADER'; number: number; leader: string }
  | { code: 'HEADER_SIGNATURE'; number: number; leader: string; signer: string | null }
  | { code: 'PARENT_HASH'; number: number; expected: string; got: string }
  | { code: 'EPOCH_LOWER'; number: number; expected: number; got: number }
  | { code: 'TIMESTAMP_LOWER'; number: number; expected: number; got: number }
  | { code: 'FIRST_SEQUENCE'; number: number; expected: bigint; got: bigint }
  | { code: 'REGISTRY_ROOT'; number: number; expected: string; got: string }
  | { code: 'LANE_OWNER'; number: number; lane: LaneName; expected: number; got: number }
  | { code: 'LANE_INDEX'; number: number; lane: LaneName; expected: number; got: number }
  /** A slice of a block from before the rollup was registered has a lane of it all the same. */
  | { code: 'LANE_UNREGISTERED'; number: number; chainId: number }
  | { code: 'LANE_PROOF'; number: number; lane: LaneName }
  | { code: 'LANE_SEQUENCE'; number: number; lane: LaneName; expected: bigint; got: bigint }
  | { code: 'ENTRY_SEQUENCE'; number: number; lane: LaneName; sequence: bigint }
  | { code: 'ENTRY_KIND'; number: number; lane: LaneName; sequence: bigint; kind: number | null }
  | { code: 'ENTRY_SENDER'; number: number; sequence: bigint }
  | { code: 'REGISTRY_CHANGE'; number: number; sequence: bigint; reason: string }
  | { code: 'RESTORE'; number: number; sequence: bigint; reason: string }
  /** The log goes on otherwise from a block that we are past: it was restored from a backup. */
  | { code: 'FORK'; number: number; hashes: [string, string]; epochs: [number, number] }
  | { code: 'EQUIVOCATION'; number: number; hashes: [string, string] };

/** A slice that breaks a rule of the feed. `evidence` holds what proves it: serialised slices or signed headers. */
export class SliceError extends LockstepError<SliceErrorType> {
  constructor(
    type: SliceErrorType,
    message: string,
    readonly evidence: Uint8Array[],
    options?: ErrorOptions,
  ) {
    super(
      type,
      message,
      type.code === 'FORK'
        ? 'Make sure that the operator of the sequencer has restored the log; then run: lockstep executor rewind CHAIN_ID --to N, with the last block that was kept.'
        : 'Keep the evidence and tell the operator of the sequencer; do not go on from this block.',
      options,
    );
  }
}
