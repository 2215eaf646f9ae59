import { type Hashing } from '#libs/protocol';

/** 32 bytes that depend on every byte of the parts and on nothing else; fast, and no secret to anyone. */
export function cheapHash(parts: readonly Uint8Array[]): Uint8Array {
  let a = 0x243f6a88;
  let b = 0x85a308d3 | 0;
  let length = 0;
  for (const part of parts) {
    const end = part.length;
    length += end;
    let i = 0;
    for (; i + 4 <= end; i += 4) {
      const word = part[i]! | (part[i + 1]! << 8) | (part[i + 2]! << 16) | (part[i + 3]! << 24);
      a = Math.imul(a ^ word, 0x9e3779b1);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b + word, 0x85ebca77) ^ (b >>> 15);
    }
    for (; i < end; i++) {
      a = Math.imul(a ^ part[i]!, 0x01000193);
      b = Math.imul(b + part[i]!, 0xc2b2ae3d) ^ (b >>> 13);
    }
  }
  const hash = new Uint8Array(32);
  for (let word = 0; word < 32; word += 4) {
    let mix = (a + Math.imul(b, word | 1) + length) | 0;
    mix = Math.imul(mix ^ (mix >>> 16), 0x85ebca6b);
    mix = Math.imul(mix ^ (mix >>> 13) ^ b, 0xc2b2ae35);
    mix ^= mix >>> 16;
    hash[word] = mix;
    hash[word + 1] = mix >>> 8;
    hash[word + 2] = mix >>> 16;
    hash[word + 3] = mix >>> 24;
  }
  return hash;
}

/** Roots are hashes of the serialised value: what differs in its bytes differs in its root, as with SSZ. */
export const cheapHashing: Hashing = {
  keccak256: cheapHash,
  sszRoot: (type, value) => cheapHash([type.serialize(value)]),
};
