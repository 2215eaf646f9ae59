/** Levels of objects and arrays in one another, at most. */
export const JSON_DEPTH_MAX = 16;

/**
 * The one text of a JSON value: no spaces, members by the UTF-16 code units of their names, strings and numbers as
 * ECMAScript writes them (RFC 8785; but a lone surrogate is escaped, not refused). So equal values have equal hashes.
 *
 * @throws RangeError for what JSON cannot say (undefined, a bigint, NaN, a Date, bytes) and for what is nested deeper
 *   than {@link JSON_DEPTH_MAX}. Give numbers beyond 2^53 as decimal strings, bytes as hex
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (Number.isFinite(value)) return JSON.stringify(value);
  if (depth === JSON_DEPTH_MAX) throw new RangeError(`JSON is nested deeper than ${JSON_DEPTH_MAX} levels`);
  if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`;
  if (!isPlainObject(value)) throw new RangeError(`JSON has no such value as this ${typeof value}`);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${write(value[name], depth + 1)}`).join(',')}}`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
