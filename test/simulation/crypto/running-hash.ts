// The hash under way: two words that everything is mixed into. Calls are synchronous, so they cannot interleave.
let a = 0;
let b = 0;

/** Begins a hash. */
export function beginHash(): void {
  a = 0x243f6a88;
  b = 0x85a308d3 | 0;
}

/** Takes in a 32-bit word. */
export function addWord(word: number): void {
  a = Math.imul(a ^ word, 0x9e3779b1);
  a = (a << 13) | (a >>> 19);
  b = Math.imul(b + word, 0x85ebca77) ^ (b >>> 15);
}

/** Takes in bytes; not how many, so that parts after one another are the same as all in one. */
export function addBytes(bytes: Uint8Array): void {
  const end = bytes.length;
  let x = a;
  let y = b;
  let i = 0;
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    x = Math.imul(x ^ word, 0x9e3779b1);
    x = (x << 13) | (x >>> 19);
    y = Math.imul(y + word, 0x85ebca77) ^ (y >>> 15);
  }
  for (; i < end; i++) {
    x = Math.imul(x ^ bytes[i]!, 0x01000193);
    y = Math.imul(y + bytes[i]!, 0xc2b2ae3d) ^ (y >>> 13);
  }
  a = x;
  b = y;
}

/** The first and the second word of the hash, for who needs no more of it. */
export const firstWord = (): number => a;
export const secondWord = (): number => b;

/** The hash as 32 bytes. */
export function endHash(): Uint8Array {
  const hash = new Uint8Array(32);
  for (let word = 0; word < 32; word += 4) {
    let mix = (a + Math.imul(b, word | 1)) | 0;
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
