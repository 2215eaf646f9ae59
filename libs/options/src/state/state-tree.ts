import type { LedgerState } from './ledger-state.js';
import { LedgerStateType, type TableName } from './row-types.js';

/** Tables in the order of the state's container. */
export const TABLE_NAMES = Object.keys(LedgerStateType.fields) as TableName[];

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

/**
 * The SSZ tree of a state, brought up to date from the slots that changed when the root is asked for, so that a
 * transfer does not pay for hashing.
 */
export class StateTree {
  private readonly view = LedgerStateType.defaultViewDU();

  constructor(private readonly state: LedgerState) {}

  /** The state root, 32 bytes. */
  root(): Uint8Array {
    for (const name of TABLE_NAMES) this.update(name);
    return this.view.hashTreeRoot();
  }

  private update(name: TableName): void {
    const table = this.state.table(name);
    const slots = table.takeUnhashed();
    if (slots.length === 0) return;
    const list = this.view[name] as unknown as ListView;
    const rowType = LedgerStateType.fields[name].elementType as unknown as RowViews;
    // Ascending, and every slot from the list's end on has changed: so each push lands in its slot.
    for (const slot of slots) {
      const row = table.at(slot);
      const rowView = row ? rowType.toViewDU(row) : rowType.defaultViewDU();
      if (slot < list.length) list.set(slot, rowView);
      else list.push(rowView);
    }
  }
}
