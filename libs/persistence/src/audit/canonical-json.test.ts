import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, JSON_DEPTH_MAX } from './canonical-json.js';

describe('canonicalJson', () => {
  it('shows that members are ordered by UTF-16 code units and nothing is added (RFC 8785, 3.2.3)', () => {
    const value = { '€': 1, '\r': 2, '\ufb33': 3, 1: 4, '😀': 5, '\u0080': 6, ö: 7 };
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
    expect(canonicalJson({ b: [1e21, -0, true, null, 'a\0"'], a: {} })).toBe(
      '{"a":{},"b":[1e+21,0,true,null,"a\\u0000\\""]}',
    );
  });

  it('shows that it reads back as the same value, whose text is the same again', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const json = canonicalJson(value);
        const read: unknown = JSON.parse(json);
        expect(read).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(read)).toBe(json);
      }),
    );
  });

  it('shows that what JSON cannot say is refused, and so is what is nested too deep', () => {
    for (const value of [undefined, 1n, NaN, Infinity, new Date(0), new Uint8Array(1), () => 1, { a: undefined }]) {
      expect(() => canonicalJson(value)).toThrow(RangeError);
    }
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(canonicalJson(nested(JSON_DEPTH_MAX))).toHaveLength(2 * JSON_DEPTH_MAX + 1);
    expect(() => canonicalJson(nested(JSON_DEPTH_MAX + 1))).toThrow(RangeError);
  });
});
