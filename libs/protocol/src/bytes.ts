/** A hex string with its prefix: `0x` and an even number of digits. */
export type Hex = `0x${string}`;

const NOT_HEX = /[^0-9a-fA-F]/;

/** Bytes as lower-case hex with the prefix `0x`. */
export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${viewOf(bytes).toString('hex')}`;
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
  return a.length === b.length && Buffer.compare(a, b) === 0;
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
export function uint64ToBytesBE(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).writeBigUInt64BE(value);
  return bytes;
}

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
  const digits = value.toString(16);
  if (value < 0n || (value > 0n && digits.length > length * 2)) {
    throw new RangeError(`${value} does not fit in ${length} unsigned bytes`);
  }
  const bytes = new Uint8Array(length);
  viewOf(bytes).write(digits.padStart(length * 2, '0'), 'hex');
  return bytes;
}

/** The same memory as a Buffer, for its native methods. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
