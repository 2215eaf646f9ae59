import { BlockDraft, type NewEntry, type SealedBlock } from '#libs/ordering';
import { type AuditRow, blockExtras, type BlockExtras, nextAuditRow } from '#libs/persistence';
import { bytesToHex, Decision, encodeEntry, entryId, EntryKind, SHARED_LANE } from '#libs/protocol';
import type { Candidate, DraftContext } from './candidate.js';
import type { IntakeQueue } from './intake-queue.js';
import { placeRestore } from './place-restore.js';
import type { LogState } from './log-state.js';
import { type FaultLog, type SubmissionError, toSubmissionError } from './submission-error.js';

/** A sealed block with the candidates whose entries it carries, and what its operations add to the log's tables. */
export interface BuiltBlock {
  sealed: SealedBlock;
  placed: { candidate: Candidate; sequence: bigint | null }[];
  /** Candidates that were refused. */
  refusedCount: number;
  roots: NewEntry[];
  extras: BlockExtras;
}

export interface BuildOptions {
  timestampMs: number;
  epoch: number;
  leader: Uint8Array;
  /** Candidates that one block takes at most. */
  candidatesMax: number;
  logger: FaultLog;
}

/**
 * Fills and seals the next block: a declared restore first; then decisions, since they free what is held; then what waits,
 * in the policy's order; then state roots. A candidate that is refused is told at once; one that finds no room stays first in the queue.
 */
export function buildBlock(
  state: LogState,
  queue: IntakeQueue,
  roots: readonly NewEntry[],
  { timestampMs, epoch, leader, candidatesMax, logger }: BuildOptions,
): BuiltBlock {
  const draft = new BlockDraft(state.tip, state.registry, timestampMs, state.logId);
  const audits: AuditRow[] = [];
  const context: DraftContext = {
    draft,
    nextRegistry: state.registry,
    prices: state.prices.overlay(),
    undecided: state.coordinator.size,
    decided: new Set(),
    audit: (row) => {
      const previous = audits.at(-1) ?? state.lastAudit;
      audits.push(nextAuditRow(previous, { ...row, atMs: timestampMs }));
      return audits.at(-1)!;
    },
  };
  if (state.pendingRestore) placeRestore(context, state.pendingRestore);
  placeDecisions(state, context);
  const { placed, refusedCount } = placeCandidates(queue, context, candidatesMax, logger);
  const placedRoots = roots.filter((root) => draft.hasRoom(root.lane, root.bytes.length));
  for (const root of placedRoots) draft.add(root);
  const sealed = draft.seal(epoch, leader);
  const { operations, decisions } = blockExtras(sealed.header, sealed.entries);
  return { sealed, placed, refusedCount, roots: placedRoots, extras: { operations, decisions, audits } };
}

/** Places what can be decided. */
function placeDecisions(state: LogState, context: DraftContext): void {
  const { draft, decided } = context;
  for (const decision of state.coordinator.decisionsAt(draft.timestampMs)) {
    const bytes = encodeEntry(EntryKind.DECISION, Decision.serialize(decision));
    if (!draft.hasRoom(SHARED_LANE, bytes.length)) break;
    draft.add({ kind: EntryKind.DECISION, lane: SHARED_LANE, id: entryId(bytes), sender: null, nonce: null, bytes });
    decided.add(bytesToHex(decision.operationId));
    context.undecided -= 1;
  }
}

function placeCandidates(
  queue: IntakeQueue,
  context: DraftContext,
  candidatesMax: number,
  logger: FaultLog,
): Pick<BuiltBlock, 'placed' | 'refusedCount'> {
  const placed: BuiltBlock['placed'] = [];
  const refused: { candidate: Candidate; error: SubmissionError }[] = [];
  const candidates = queue.take(candidatesMax);
  for (const [index, candidate] of candidates.entries()) {
    if (!context.draft.hasRoom(candidate.lane, candidate.bytesMax)) {
      queue.putBack(candidates.slice(index));
      break;
    }
    try {
      const entry = candidate.place(context);
      placed.push({ candidate, sequence: entry && context.draft.add(entry).sequence });
    } catch (thrown) {
      refused.push({ candidate, error: toSubmissionError(thrown, logger) });
    }
  }
  for (const { candidate, error } of refused) candidate.refused(error);
  return { placed, refusedCount: refused.length };
}
