import type { Cursor, PendingVote } from '#libs/executor-sdk';
import type { StoredChange, StoredRecord } from '#libs/options';
import { bytesToHex } from '#libs/protocol';

/** What one block changes. */
export interface StoreWrite {
  cursor: Cursor;
  meta: Uint8Array;
  changes: readonly StoredChange[];
  votes: readonly PendingVote[];
  settledVotes: readonly Uint8Array[];
}

/** An executor's store, by the contract of production's: all that a block changes is one write, whole or not at all. */
export class ExecutorStore {
  position: { cursor: Cursor; meta: Uint8Array } | null = null;
  private readonly slots = new Map<string, StoredRecord>();
  private readonly pending = new Map<string, PendingVote>();

  records(): StoredRecord[] {
    return [...this.slots.values()];
  }

  votes(): PendingVote[] {
    return [...this.pending.values()];
  }

  write({ cursor, meta, changes, votes, settledVotes }: StoreWrite): void {
    this.position = { cursor, meta };
    for (const { table, slot, bytes } of changes) {
      const key = `${table} ${slot}`;
      if (bytes) this.slots.set(key, { table, slot, bytes });
      else this.slots.delete(key);
    }
    for (const vote of votes) this.pending.set(bytesToHex(vote.operationId), vote);
    for (const operationId of settledVotes) this.pending.delete(bytesToHex(operationId));
  }
}
