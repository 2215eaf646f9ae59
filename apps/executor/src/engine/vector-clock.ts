import type { StoredChange, StoredRecord } from '#libs/options';
import { ClockEntry } from '#libs/protocol';

/** The ledger's vector clock, read from what the ledger stores. */
export class VectorClock {
  private readonly bySlot = new Map<number, ClockEntry>();

  update(changes: Iterable<StoredChange | StoredRecord>): void {
    for (const { table, slot, bytes } of changes) {
      if (table === 'clock' && bytes) this.bySlot.set(slot, ClockEntry.deserialize(bytes));
    }
  }

  /** Ascending chain ids, sequences as decimals. */
  toJSON(): { chainId: number; laneSequence: string }[] {
    return [...this.bySlot.values()]
      .map(({ chainId, laneSequence }) => ({ chainId, laneSequence: String(laneSequence) }))
      .sort((a, b) => a.chainId - b.chainId);
  }
}
