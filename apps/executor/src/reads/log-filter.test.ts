// Shows which logs a filter of eth_getLogs matches: by address, by position of topics, with alternatives and wildcards.
import { expect, test } from 'vitest';
import { bytesToHex } from '#libs/protocol';
import { logFilterParam, matchesLog } from './log-filter.js';

const address = (byte: number): Uint8Array => new Uint8Array(20).fill(byte);
const topic = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const log = { address: address(1), topics: [topic(1), topic(2)] };
const A = bytesToHex(address(1));
const B = bytesToHex(address(9));
const [T1, T2, T9] = [1, 2, 9].map((byte) => bytesToHex(topic(byte)));

test.each([
  ['nothing', undefined, undefined, true],
  ['its address', A, undefined, true],
  ['its address among others', [B, A], [], true],
  ['another address', [B], undefined, false],
  ['no address in the list', [], undefined, true],
  ['its first topic', null, [T1], true],
  ['its topics in order', null, [T1, T2], true],
  ['its topics in another order', null, [T2, T1], false],
  ['a wildcard, then its topic', null, [null, T2], true],
  ['alternatives', null, [[T9, T1], [T2]], true],
  ['alternatives that it has none of', null, [[T9, T2]], false],
  ['a third position, which it does not have', null, [T1, T2, null], false],
  ['its address and another topic', A, [T9], false],
])('a filter for %s', (_, wanted, topics, expected) => {
  expect(matchesLog(logFilterParam(wanted, topics), log)).toBe(expected);
});

test.each([
  ['a topic that is too short', undefined, ['0x12']],
  ['five positions', undefined, [T1, T1, T1, T1, T1]],
  ['topics that are no list', undefined, T1],
  ['an address that is none', 'alice', undefined],
])('%s is refused', (_, wanted, topics) => {
  expect(() => logFilterParam(wanted, topics)).toThrow(expect.objectContaining({ code: -32602 }));
});
