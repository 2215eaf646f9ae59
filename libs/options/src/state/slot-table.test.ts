import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { MinHeap } from './min-heap.js';
import { NonceRow } from './row-types.js';
import { SlotTable } from './slot-table.js';

const key = (n: number): string => String(n);
const row = (n: number): NonceRow => ({ address: new Uint8Array(20).fill(n), nonce: BigInt(n) });
const makeTable = () => new SlotTable<NonceRow>(NonceRow, ({ address }) => key(address[0]!));
const slots = (table: SlotTable<NonceRow>) => [...table].map(({ slot, nonce }) => [slot, Number(nonce)]);

describe('a slot table', () => {
  it('appends on first touch and takes freed slots again, lowest first', () => {
    const table = makeTable();
    for (const n of [1, 2, 3, 4]) table.insert(row(n));
    for (const n of [3, 1]) table.free(table.get(key(n))!);
    expect(slots(table)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (const n of [5, 6, 7]) table.insert(row(n));
    expect(slots(table)).toEqual([
      [0, 5],
      [1, 2],
      [2, 6],
      [3, 4],
      [4, 7],
    ]);
  });

  it('says which slots changed, once, with null for the free ones', () => {
    const table = makeTable();
    for (const n of [1, 2]) table.insert(row(n));
    table.free(table.get(key(1))!);
    expect(table.takeUnstored()).toEqual([
      { slot: 0, bytes: null },
      { slot: 1, bytes: NonceRow.serialize(row(2)) },
    ]);
    expect(table.takeUnstored()).toEqual([]);
  });

  it('loaded from what it stored takes the same slots as before (random programs)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 60 }), fc.array(fc.nat(12), { maxLength: 30 }), (before, after) => {
        const toggle = (table: SlotTable<NonceRow>, n: number) => {
          const existing = table.get(key(n));
          if (existing) table.free(existing);
          else table.insert(row(n));
        };
        const table = makeTable();
        for (const n of before) toggle(table, n);
        const loaded = makeTable();
        const records = table.takeUnstored().filter((change) => change.bytes !== null);
        loaded.load(table.length, records.reverse() as { slot: number; bytes: Uint8Array }[]);
        for (const n of after) [table, loaded].forEach((one) => toggle(one, n));
        expect(slots(loaded)).toEqual(slots(table));
        expect(loaded.length).toBe(table.length);
      }),
    );
  });
});

describe('a heap', () => {
  it('gives back what was put in, lowest first', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (items) => {
        const heap = new MinHeap();
        for (const item of items) heap.push(item);
        const taken = items.map(() => heap.pop());
        expect(taken).toEqual([...items].sort((a, b) => a - b));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });
});
