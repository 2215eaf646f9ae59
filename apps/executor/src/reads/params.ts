import { hexToBytes } from '#libs/protocol';
import { ReadError } from './read-error.js';

/** When a read is to be answered. */
export interface ReadTiming {
  /** Not before this block has been applied. */
  minHeight?: number;
  /** Right after this block has been applied, before the next one is. */
  height?: number;
  /** How long to wait for either, in ms. Default 5,000, at most 60,000. */
  timeoutMs?: number;
  /** How long to wait for a receipt, in ms. Default 0, at most 60,000. */
  waitMs?: number;
}

const TIMING_FIELDS = ['minHeight', 'height', 'timeoutMs', 'waitMs'] as const;

/** Bytes from hex of a fixed length. */
export function bytesParam(value: unknown, length: number, name: string): Uint8Array {
  if (typeof value === 'string' && new RegExp(`^0x[0-9a-fA-F]{${length * 2}}$`).test(value)) return hexToBytes(value);
  throw ReadError.params(`${name} must be ${length} bytes as 0x hex, not ${shown(value)}`);
}

/** Bytes of any length from hex; none where nothing is given. */
export function dataParam(value: unknown, name: string): Uint8Array {
  if (value === undefined || value === null) return new Uint8Array(0);
  if (typeof value === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(value)) return hexToBytes(value);
  throw ReadError.params(`${name} must be 0x hex, not ${shown(value)}`);
}

/** A quantity as JSON-RPC writes it; 0 where nothing is given. */
export function quantityParam(value: unknown, name: string): bigint {
  if (value === undefined || value === null) return 0n;
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)) return BigInt(value);
  throw ReadError.params(`${name} must be a quantity as 0x hex, not ${shown(value)}`);
}

/** A count or a cursor: a whole number or the same as a decimal string, at most `max`. */
export function wholeNumberParam(value: unknown, name: string, absent: number, max: number): number {
  if (value === undefined || value === null) return absent;
  const number = typeof value === 'string' && /^[0-9]{1,16}$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(number) && (number as number) >= 0 && (number as number) <= max) return number as number;
  throw ReadError.params(`${name} must be a whole number of at most ${max}, not ${shown(value)}`);
}

/** Params as a list: JSON-RPC also allows an object, which counts as the only one. */
export function paramList(params: unknown): unknown[] {
  if (params === undefined || params === null) return [];
  if (Array.isArray(params)) return params as unknown[];
  return [params];
}

/** Finds when to answer: fields of the request, or of an object that stands last among its params. */
export function readTiming(request: Record<string, unknown>, params: readonly unknown[]): ReadTiming {
  const last = params.at(-1);
  const given = { ...(isObject(last) ? last : {}), ...request };
  const timing: ReadTiming = {};
  for (const field of TIMING_FIELDS) {
    const value = given[field];
    if (value === undefined || value === null) continue;
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw ReadError.params(`${field} must be a whole number, not ${shown(value)}`);
    }
    timing[field] = value as number;
  }
  return timing;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const toQuantity = (value: bigint | number): string => `0x${value.toString(16)}`;

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
