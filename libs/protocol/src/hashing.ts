/** What an SSZ type can do as far as its roots are concerned. */
export interface RootedType<T> {
  hashTreeRoot(value: T): Uint8Array;
  serialize(value: T): Uint8Array;
}

/** What ids, digests and roots are computed with; 32 bytes each. */
export interface Hashing {
  /** Of all parts after one another. */
  keccak256(parts: readonly Uint8Array[]): Uint8Array;
  sszRoot<T>(type: RootedType<T>, value: T): Uint8Array;
}

let substitute: Hashing | null = null;

/** What stands in for keccak and SSZ roots in this process; null where nothing does. */
export const substituteHashing = (): Hashing | null => substitute;

/**
 * Replaces keccak and SSZ roots for the whole process, as `setHasher` of @chainsafe/persistent-merkle-tree does: for the
 * deterministic simulation, whose logs never meet others. Before anything is hashed, since roots are remembered.
 */
export function useHashing(hashing: Hashing | null): void {
  substitute = hashing;
}

/** The SSZ root of a value, 32 bytes. */
export const sszRoot = <T>(type: RootedType<T>, value: T): Uint8Array =>
  substitute ? substitute.sszRoot(type, value) : type.hashTreeRoot(value);
