/**
 * The same memory as a plain Uint8Array. Messages are Buffers, whose `slice` gives a view: what SSZ decodes from one
 * would keep a whole network chunk alive and be no equal of plain bytes in tests.
 */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
