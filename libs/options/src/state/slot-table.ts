import { assertInvariant } from '#libs/protocol';
import { MinHeap } from './min-heap.js';

/** A row in memory: its value, the key it is found by and its slot in the state's list. */
export type Row<V> = V & { readonly key: string; readonly slot: number };

/** What a table needs of its row's SSZ type. */
export interface RowCodec<V> {
  serialize(value: V): Uint8Array;
  deserialize(bytes: Uint8Array): V;
}

/**
 * A list of the state with stable slots and an index by key. First touch appends a slot; a freed one is zeroed in the
 * state and taken again before any is appended, lowest first, so that the free slots can be found again on load.
 *
 * Rows are changed in place; whoever does says so by {@link touch}.
 */
export class SlotTable<V extends object> {
  private readonly slots: (Row<V> | null)[] = [];
  private readonly byKey = new Map<string, Row<V>>();
  private readonly freeSlots = new MinHeap();
  /** Slots that changed since they were last stored. */
  private readonly unstored = new Set<number>();
  /** Slots that changed since they were last hashed. */
  private readonly unhashed = new Set<number>();

  constructor(
    private readonly codec: RowCodec<V>,
    private readonly keyOf: (value: V) => string,
  ) {}

  /** Slots so far, the freed ones included. */
  get length(): number {
    return this.slots.length;
  }

  /** Rows in use. */
  get size(): number {
    return this.byKey.size;
  }

  get(key: string): Row<V> | undefined {
    return this.byKey.get(key);
  }

  at(slot: number): Row<V> | null {
    return this.slots[slot] ?? null;
  }

  /** Rows in ascending slots. Rows may be changed and freed meanwhile. */
  *[Symbol.iterator](): IterableIterator<Row<V>> {
    for (const row of this.slots) if (row) yield row;
  }

  /** Adds a row for a key that has none. `value` becomes the row: it belongs to the table from now on. */
  insert(value: V, key: string = this.keyOf(value)): Row<V> {
    assertInvariant(!this.byKey.has(key), 'I19: a key has one row');
    const slot = this.freeSlots.pop() ?? this.slots.length;
    const row = this.rowOfValue(value, key, slot);
    this.slots[slot] = row;
    this.byKey.set(key, row);
    this.touch(row);
    return row;
  }

  /** Records that a row was changed. */
  touch({ slot }: Row<V>): void {
    this.unstored.add(slot);
    this.unhashed.add(slot);
  }

  /** Takes a row out; its slot is zeroed in the state. */
  free(row: Row<V>): void {
    assertInvariant(this.slots[row.slot] === row, 'I19: a row is freed once');
    this.slots[row.slot] = null;
    this.byKey.delete(row.key);
    this.freeSlots.push(row.slot);
    this.touch(row);
  }

  /** Slots changed since the last call, ascending, with their SSZ bytes; null for a free one. */
  takeUnstored(): { slot: number; bytes: Uint8Array | null }[] {
    if (this.unstored.size === 0) return [];
    const changes = ascending(this.unstored).map((slot) => {
      const row = this.at(slot);
      return { slot, bytes: row && this.codec.serialize(row) };
    });
    this.unstored.clear();
    return changes;
  }

  /** Slots changed since the last call, ascending. */
  takeUnhashed(): number[] {
    if (this.unhashed.size === 0) return [];
    const slots = ascending(this.unhashed);
    this.unhashed.clear();
    return slots;
  }

  /** Fills an empty table from storage: `records` in any order, without the free slots. */
  load(length: number, records: Iterable<{ slot: number; bytes: Uint8Array }>): void {
    assertInvariant(this.slots.length === 0, 'I12: a table is loaded once');
    for (let slot = 0; slot < length; slot++) this.slots.push(null);
    for (const { slot, bytes } of records) {
      assertInvariant(
        slot < length && this.slots[slot] === null,
        `I12: stored slot ${slot} of ${length} is taken once`,
      );
      const value = this.codec.deserialize(bytes);
      const row = this.rowOfValue(value, this.keyOf(value), slot);
      this.slots[slot] = row;
      this.byKey.set(row.key, row);
    }
    for (let slot = 0; slot < length; slot++) {
      if (this.slots[slot] === null) this.freeSlots.push(slot);
      this.unhashed.add(slot);
    }
  }

  private rowOfValue(value: V, key: string, slot: number): Row<V> {
    const row = value as V & { key: string; slot: number };
    row.key = key;
    row.slot = slot;
    return row;
  }
}

const ascending = (slots: Set<number>): number[] => [...slots].sort((a, b) => a - b);
