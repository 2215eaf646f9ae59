import { createKeccak } from 'hash-wasm';
import { substituteHashing } from './hashing.js';

// One hasher for all calls: making one costs far more than a hash. Calls are synchronous, so they cannot interleave.
const hasher = await createKeccak(256);

/** Keccak-256 as Ethereum uses it (the padding from before FIPS 202). Returns 32 bytes of their own. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  const substitute = substituteHashing();
  if (substitute) return substitute.keccak256([bytes]);
  hasher.init();
  hasher.update(bytes);
  return hasher.digest('binary');
}

/** {@link keccak256} of all parts after one another, without joining them first. */
export function keccak256Concat(...parts: readonly Uint8Array[]): Uint8Array {
  const substitute = substituteHashing();
  if (substitute) return substitute.keccak256(parts);
  hasher.init();
  for (const part of parts) hasher.update(part);
  return hasher.digest('binary');
}
