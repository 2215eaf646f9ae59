import { equalBytes } from './bytes.js';
import type { Header } from './header.js';
import { ContainerType } from './ssz/container.js';
import { Bytes32, Signature, Uint53, type ValueOf } from './ssz/primitives.js';

/**
 * A declared fork: the database was restored from a backup, or a standby was promoted, and the log goes on from block
 * `lastBlock`. What a lost branch holds above it counts no more. Stands in block `lastBlock + 1` and nowhere else.
 */
export const Restore = new ContainerType(
  {
    /** The last kept block; 0 for genesis. */
    lastBlock: Uint53,
    /** Its hash, the parent of the block with this entry; the log id for genesis. */
    lastHash: Bytes32,
    /** No epoch of the lost branch is above it; the block's is. */
    epochAbove: Uint53,
  },
  { typeName: 'Restore' },
);
export type Restore = ValueOf<typeof Restore>;

/** Signed by the registry key as `Commitment("restore", root)`. */
export const SignedRestore = new ContainerType(
  { restore: Restore, signature: Signature },
  { typeName: 'SignedRestore' },
);
export type SignedRestore = ValueOf<typeof SignedRestore>;

/** Why a restore cannot stand in the block of this header, or null. Its signature is the caller's to check. */
export function restoreFault(
  { lastBlock, lastHash, epochAbove }: Restore,
  header: Pick<Header, 'number' | 'parentHash' | 'epoch'>,
): string | null {
  if (header.number !== lastBlock + 1) return `it keeps block ${lastBlock} and stands in block ${header.number}`;
  if (!equalBytes(header.parentHash, lastHash)) return 'the last block that it keeps is not the parent';
  if (header.epoch <= epochAbove) return `epoch ${header.epoch} is not above ${epochAbove}`;
  return null;
}
