import { BooleanType, ByteListType, ByteVectorType, type ValueOf } from '@chainsafe/ssz';
import { setHasher } from '@chainsafe/persistent-merkle-tree';
import { hasher as hashtree } from '@chainsafe/persistent-merkle-tree/hasher/hashtree';
import { StrictUintBigintType, StrictUintNumberType } from './strict-uint.js';

// The default hasher takes twice as long for the roots we compute for every block.
setHasher(hashtree);

/** 20 bytes: an account, a pool, an asset or a key (its Ethereum address). */
export const Address = new ByteVectorType(20);
/** 32 bytes: a hash, a root or an id. */
export const Bytes32 = new ByteVectorType(32);
/** 65 bytes: r ‖ s ‖ v, with v 27 or 28 and low s (EIP-2). */
export const Signature = new ByteVectorType(65);
export const Bool = new BooleanType();
export const Uint8 = new StrictUintNumberType(1);
export const Uint32 = new StrictUintNumberType(4);
/** Chain ids, heights, epochs and times in ms: at most 2^53 − 1. */
export const Uint53 = new StrictUintNumberType(8);
/** Sequence numbers, price rounds and what a client signs as uint64. */
export const Uint64 = new StrictUintBigintType(8);
/** Amounts, strikes, prices and nonces. */
export const Uint256 = new StrictUintBigintType(32);

/** UTF-8 text of at most `bytesMax` bytes. */
export const text = (bytesMax: number): ByteListType => new ByteListType(bytesMax);

export type { ValueOf };
