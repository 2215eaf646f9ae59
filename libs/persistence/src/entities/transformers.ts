import { type ValueTransformer } from 'typeorm';

/** A bigint column's text as a number; throws where a number cannot hold it. */
export function toNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} in the database is no safe integer`);
  return value;
}

const nullable = (from: (text: string) => unknown): ValueTransformer => ({
  from: (text: string | null) => (text === null ? null : from(text)),
  to: (value: number | bigint | null) => (value === null ? null : String(value)),
});

/** bigint column ↔ number: heights, epochs, times, chain ids. */
export const asNumber: ValueTransformer = nullable(toNumber);

/** bigint or numeric column ↔ bigint: sequences, nonces. */
export const asBigInt: ValueTransformer = nullable(BigInt);

/** bigint[] column ↔ numbers. */
export const asNumbers: ValueTransformer = {
  from: (texts: string[]) => texts.map(toNumber),
  to: (values: number[]) => values.map(String),
};

/** bigint[] column ↔ bigints. */
export const asBigInts: ValueTransformer = {
  from: (texts: string[]) => texts.map(BigInt),
  to: (values: bigint[]) => values.map(String),
};

/** The same bytes as a plain Uint8Array: a Buffer's `slice` shares memory where others copy, and it compares unequal. */
export const plainBytes = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

/** bytea column ↔ Uint8Array. */
export const asBytes: ValueTransformer = {
  from: (buffer: Buffer | null) => (buffer === null ? null : plainBytes(buffer)),
  to: (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
};
