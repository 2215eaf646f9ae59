import type { LedgerState } from './ledger-state.js';
import { LedgerStateType, type TableName } from './row-types.js';

/** Tables in the order of the state's container. */
export const TABLE_NAMES = Object.keys(LedgerStateType.fields) as TableName[];

/** What keeps the root of a state whose slots it is told. */
export interface StateHasher {
  /** A slot's newest row, null for a freed one. Slots beyond the list's end come in ascending order. */
  set(table: TableName, slot: number, row: object | null): void;
  /** The state root, 32 bytes. */
  root(): Uint8Array;
}

/**
 * Tells a hasher of the slots that changed when the root is asked for, so that a transfer does not pay for hashing.
 */
export class StateTree {
  constructor(
    private readonly state: LedgerState,
    private readonly hasher: StateHasher = new SszStateHasher(),
  ) {}

  /** The state root, 32 bytes. */
  root(): Uint8Array {
    for (const name of TABLE_NAMES) {
      const table = this.state.table(name);
      // Ascending, and every slot from the list's end on has changed: so each new one lands in its slot.
      for (const slot of table.takeUnhashed()) this.hasher.set(name, slot, table.at(slot));
    }
    return this.hasher.root();
  }
}

/** What is used of a list's view, whatever its rows. */
interface ListView {
  readonly length: number;
  set(index: number, row: unknown): void;
  push(row: unknown): void;
}
interface RowViews {
  toViewDU(value: object): unknown;
  defaultViewDU(): unknown;
}

/** The SSZ tree of a state. */
class SszStateHasher implements StateHasher {
  private readonly view = LedgerStateType.defaultViewDU();

  set(table: TableName, slot: number, row: object | null): void {
    const list = this.view[table] as unknown as ListView;
    const rowType = LedgerStateType.fields[table].elementType as unknown as RowViews;
    const rowView = row ? rowType.toViewDU(row) : rowType.defaultViewDU();
    if (slot < list.length) list.set(slot, rowView);
    else list.push(rowView);
  }

  root(): Uint8Array {
    return this.view.hashTreeRoot();
  }
}
