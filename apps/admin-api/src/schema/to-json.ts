import { bytesToHex } from '#libs/protocol';

/** A value as the API shows it: bytes as 0x hex, bigints as decimal strings, the rest as it is. */
export function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesToHex(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]));
}

/** Bytes of 0x hex as Postgres's driver wants them. */
export const toBuffer = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex');
