/** A hex string with its prefix: `0x` and an even number of digits. */
export type Hex = `0x${string}`;

const NOT_HEX = /[^0-9a-fA-F]/;

const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/**
 * Up to so many bytes are worked on here and not in native code: asking a small array for its memory costs more than its
 * hex.
 */
const SHORT_BYTES = 128;
const shortHex = Buffer.from(`0x${'0'.repeat(2 * SHORT_BYTES)}`);

/** Bytes as lower-case hex with the prefix `0x`. */
export function bytesToHex(bytes: Uint8Array): Hex {
  if (bytes.length > SHORT_BYTES) return `0x${viewOf(bytes).toString('hex')}`;
  let end = 2;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    shortHex[end++] = DIGITS[byte >> 4]!;
    shortHex[end++] = DIGITS[byte & 15]!;
  }
  return shortHex.toString('latin1', 0, end) as Hex;
}

/** The bytes of a `0x` string, in either case. Throws on a missing prefix, an odd length or a character that is not hex. */
export function hexToBytes(hex: string): Uint8Array {
  const digits = hex.slice(2);
  // Node's own hex reader stops silently at a bad character, and takes U+0131 for '1'.
  if (!hex.startsWith('0x') || hex.length % 2 !== 0 || NOT_HEX.test(digits)) {
    throw new Error(`expected 0x and an even number of hex digits, got ${JSON.stringify(hex.slice(0, 80))}`);
  }
  const bytes = new Uint8Array(digits.length / 2);
  viewOf(bytes).write(digits, 'hex');
  return bytes;
}

/** Whether both hold the same bytes. Not constant in time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  if (a.length > SHORT_BYTES) return Buffer.compare(a, b) === 0;
  // A call into native code costs more than to compare a hash, let alone two that differ.
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

/** Orders by the first byte that differs, then by length: negative, zero or positive like a sort function. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** All parts after one another in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** An unsigned integer below 2^64 as 8 bytes, most significant first. Throws a RangeError outside that range. */
export const uint64ToBytesBE = (value: bigint): Uint8Array => bigIntToBytesBE(value, 8);

/** The unsigned integer in `bytes` from `start` to before `end`, most significant first; zero for none. */
export function bytesToBigIntBE(bytes: Uint8Array, start = 0, end = bytes.length): bigint {
  // Six bytes at a time fit in a number exactly; most fields need one or two steps.
  let value = 0n;
  for (let offset = start; offset < end; offset += 6) {
    const stepEnd = Math.min(offset + 6, end);
    let step = 0;
    for (let index = offset; index < stepEnd; index++) step = step * 256 + bytes[index]!;
    value = offset === start ? BigInt(step) : (value << BigInt((stepEnd - offset) * 8)) | BigInt(step);
  }
  return value;
}

/** An unsigned integer as exactly `length` bytes, most significant first. Throws a RangeError if it does not fit. */
export function bigIntToBytesBE(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  // Four bytes at a time fit in a number whose bits can be shifted.
  for (let offset = length; rest > 0n && offset > 0; rest >>= 32n) {
    const step = Number(BigInt.asUintN(32, rest));
    for (let bits = 0; bits < 32; bits += 8) {
      const byte = (step >>> bits) & 0xff;
      if (offset > 0) bytes[--offset] = byte;
      else if (byte !== 0) throw doesNotFit(value, length);
    }
  }
  if (value < 0n || rest > 0n) throw doesNotFit(value, length);
  return bytes;
}

const doesNotFit = (value: bigint, length: number): RangeError =>
  new RangeError(`${value} does not fit in ${length} unsigned bytes`);

/** The same memory as a Buffer, for its native methods. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
