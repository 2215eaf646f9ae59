import { assertInvariant, EntryKind, entryKind, type LogEntry } from '#libs/protocol';
import { applyDecision } from './apply-decision.js';
import { applyPrepare } from './apply-prepare.js';
import { applyPrice } from './apply-price.js';
import { applyChange } from './apply-registry-change.js';
import { applyTransaction } from './apply-transaction.js';
import type { BlockScope } from './block-scope.js';
import { readEntry } from './read-entry.js';

/** Applies the entries of a block in order. Returns how many of them were more than state roots. */
export function applyEntries(block: BlockScope, entries: readonly LogEntry[], firstSequence: bigint): number {
  let laneIndex = 0;
  let applied = 0;
  let previous = firstSequence - 1n;
  for (const entry of entries) {
    const { sequence } = entry;
    if (sequence <= previous) assertInvariant(false, `I1: sequence ${sequence} follows ${previous}`);
    previous = sequence;
    const kind = readEntry(block, entry.sequence, () => entryKind(entry.bytes));
    applied += kind === EntryKind.STATE_ROOT ? 0 : 1;
    switch (kind) {
      case EntryKind.TRANSACTION:
        applyTransaction(block, entry, laneIndex++);
        break;
      case EntryKind.STATE_ROOT:
        laneIndex++;
        break;
      case EntryKind.PRICE:
        applyPrice(block, entry);
        break;
      case EntryKind.PREPARE:
        applyPrepare(block, entry);
        break;
      case EntryKind.DECISION:
        applyDecision(block, entry);
        break;
      case EntryKind.REGISTRY_CHANGE:
        applyChange(block, entry);
        break;
      case EntryKind.RESTORE: // concerns who follows, not what they hold
        break;
    }
  }
  return applied;
}
