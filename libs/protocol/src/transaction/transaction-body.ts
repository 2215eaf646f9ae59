/** Transaction types that a rollup takes: EIP-155, EIP-2930, EIP-1559. */
export type TransactionType = 0 | 1 | 2;

/** What an executor needs of a signed transaction. `to` and `data` are views of the raw bytes. */
export interface TransactionBody {
  readonly type: TransactionType;
  /** 1 to 2^53-1. */
  readonly chainId: number;
  /** Below 2^64-1 (EIP-2681). */
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** In wei; types 0 and 1: the gas price. */
  readonly maxFeePerGas: bigint;
  /** In wei, at most `maxFeePerGas`; types 0 and 1: the gas price. */
  readonly maxPriorityFeePerGas: bigint;
  /** 20 bytes; null creates a contract. */
  readonly to: Uint8Array | null;
  /** In wei. */
  readonly value: bigint;
  readonly data: Uint8Array;
  /** Addresses in the access list, each counted as often as it stands there (EIP-2930). */
  readonly accessListAddresses: number;
  /** Storage keys in the access list, likewise. */
  readonly accessListStorageKeys: number;
  /** r ‖ s, 64 bytes, s low. */
  readonly signature: Uint8Array;
  readonly recoveryId: 0 | 1;
}

/** A {@link TransactionBody} with what its sender signed. */
export interface SignedTransaction extends TransactionBody {
  /** The 32 bytes that the sender signed. */
  readonly signingHash: Uint8Array;
}

/** A {@link SignedTransaction} with its own hash. */
export interface DecodedTransaction extends SignedTransaction {
  /** keccak of the raw bytes: the transaction's hash and its entry's id. */
  readonly hash: Uint8Array;
}
