import type { Hashing } from '#libs/protocol';
import { addBytes, addWord, beginHash, endHash } from './running-hash.js';
import { walkerOf } from './walk-value.js';

/** 32 bytes that depend on every byte of the parts and on nothing else; fast, and no secret to anyone. */
export function cheapHash(parts: readonly Uint8Array[]): Uint8Array {
  beginHash();
  let length = 0;
  for (const part of parts) {
    addBytes(part);
    length += part.length;
  }
  addWord(length);
  return endHash();
}

/** Roots are hashes over all fields of the value: what differs in its bytes differs in its root, as with SSZ. */
export const cheapHashing: Hashing = {
  keccak256: cheapHash,
  sszRoot: (type, value) => {
    beginHash();
    walkerOf(type)(value);
    return endHash();
  },
};
