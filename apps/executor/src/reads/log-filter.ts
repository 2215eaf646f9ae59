import { bytesToHex } from '#libs/protocol';
import { bytesParam } from './params.js';
import { ReadError, ReadErrorCode } from './read-error.js';

const TOPICS_MAX = 4;
/** Addresses, and alternatives for one topic; geth's bound. */
const ALTERNATIVES_MAX = 1000;

/** Which logs are wanted. Null: any. */
export interface LogFilter {
  addresses: ReadonlySet<string> | null;
  topics: readonly (ReadonlySet<string> | null)[];
}

/**
 * Reads `address` (one or a list) and `topics` (by position: null for any, one, or a list of alternatives) of
 * `eth_getLogs`. @throws ReadError -32602
 */
export function logFilterParam(address: unknown, topics: unknown): LogFilter {
  if (topics !== undefined && topics !== null && !Array.isArray(topics))
    throw ReadError.params('topics must be a list');
  const positions = (topics ?? []) as unknown[];
  if (positions.length > TOPICS_MAX) throw new ReadError(ReadErrorCode.invalidParams, 'exceed max topics');
  return {
    addresses: alternatives(address, 20, 'address'),
    topics: positions.map((topic, place) => alternatives(topic, 32, `topics[${place}]`)),
  };
}

/** Whether a log is wanted (the rules of geth's `eth_getLogs`): a position beyond a log's topics matches nothing. */
export function matchesLog(
  { addresses, topics }: LogFilter,
  log: { address: Uint8Array; topics: Uint8Array[] },
): boolean {
  if (topics.length > log.topics.length) return false;
  if (addresses && !addresses.has(bytesToHex(log.address))) return false;
  return topics.every((wanted, place) => !wanted || wanted.has(bytesToHex(log.topics[place]!)));
}

/** Null where nothing or an empty list is given: any value will do. */
function alternatives(value: unknown, length: number, name: string): ReadonlySet<string> | null {
  if (value === undefined || value === null) return null;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) return null;
  if (list.length > ALTERNATIVES_MAX) {
    throw new ReadError(ReadErrorCode.invalidParams, 'exceed max addresses or topics per search position');
  }
  // In one place of a list null is a wildcard for geth too.
  if (list.includes(null)) return null;
  return new Set(list.map((one) => bytesToHex(bytesParam(one, length, name))));
}
