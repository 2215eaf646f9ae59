import { bytesToHex } from '../bytes.js';

export type Json = string | number | boolean | Json[] | { [key: string]: Json };

/** A value as the vectors write it: bytes as hex, bigints as decimal strings, numbers and booleans as they are. */
export function toJson(value: unknown): Json {
  if (value instanceof Uint8Array) return bytesToHex(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]));
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new TypeError(`a vector holds no ${typeof value}`);
}
