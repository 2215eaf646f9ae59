import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIngress, encodeIngress, INGRESS_TRANSACTIONS_MAX } from './ingress-frame.js';

describe('ingress frames', () => {
  it('come back as they were sent', () => {
    const raws = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(raws, (sent) => {
        expect(decodeIngress(encodeIngress(sent))).toEqual(sent);
      }),
    );
  });

  it('hold transactions of any size: the sequencer refuses one that is too large alone', () => {
    const raws = [Uint8Array.of(1), new Uint8Array(131_073), Uint8Array.of(2)];
    expect(decodeIngress(encodeIngress(raws)).map(({ length }) => length)).toEqual([1, 131_073, 1]);
  });

  it('are refused when any byte is missing or added', () => {
    const bytes = encodeIngress([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    const whole = new Set([7, 12]); // ends of frames
    for (let length = 0; length < bytes.length; length++) {
      if (!whole.has(length)) expect(() => decodeIngress(bytes.subarray(0, length))).toThrow(/framed/);
    }
    expect(() => decodeIngress(Uint8Array.of(...bytes, 0))).toThrow(/cut short/);
  });

  it.each([
    ['an empty transaction', Uint8Array.of(0, 0, 0, 0)],
    ['a length of 4 GiB', Uint8Array.of(255, 255, 255, 255, 9)],
    [
      'too many transactions',
      encodeIngress(Array.from({ length: INGRESS_TRANSACTIONS_MAX + 1 }, () => Uint8Array.of(1))),
    ],
  ])('refuse %s', (_what, bytes) => {
    expect(() => decodeIngress(bytes)).toThrow(expect.objectContaining({ code: 'INGRESS_FRAME' }));
  });
});
