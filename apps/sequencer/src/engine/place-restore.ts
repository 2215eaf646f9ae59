import { bytesToHex, encodeEntry, entryId, EntryKind, SHARED_LANE, SignedRestore } from '#libs/protocol';
import type { DraftContext } from './candidate.js';

/** Begins a block with the restore that an operator has declared, and its audit row. */
export function placeRestore(context: DraftContext, body: Uint8Array): void {
  const { draft } = context;
  const { lastBlock, lastHash, epochAbove } = SignedRestore.deserialize(body).restore;
  const actor = `registry key ${bytesToHex(draft.registry.registryKey)}`;
  context.audit({ actor, command: 'restore', detail: { lastBlock, lastHash: bytesToHex(lastHash), epochAbove } });
  const bytes = encodeEntry(EntryKind.RESTORE, body);
  draft.add({ kind: EntryKind.RESTORE, lane: SHARED_LANE, id: entryId(bytes), sender: null, nonce: null, bytes });
}
