import { decodeDecision, decodePrepare, EntryKind, firstSigner, type Header, Intent } from '#libs/protocol';
import type { BlockExtras, LoggedEntry } from '../types.js';

/** What a block's PREPAREs and DECISIONs add to the tables beside the log. */
export function blockExtras(
  { number, timestamp }: Pick<Header, 'number' | 'timestamp'>,
  entries: readonly Pick<LoggedEntry, 'kind' | 'bytes' | 'id' | 'sequence'>[],
): BlockExtras {
  const extras: BlockExtras = { operations: [], decisions: [] };
  for (const { kind, bytes, id, sequence } of entries) {
    if (kind === EntryKind.PREPARE) {
      const { operationId, intent, deadlineMs } = decodePrepare(bytes);
      extras.operations.push({
        operationId,
        kind: intent.selector,
        series: intent.value.series,
        signer: firstSigner(intent),
        nonce: intent.value.nonce,
        intentBody: Intent.serialize(intent),
        prepareId: id,
        prepareSequence: sequence,
        prepareBlock: number,
        deadlineMs,
      });
    } else if (kind === EntryKind.DECISION) {
      const { operationId, outcome, reason } = decodeDecision(bytes);
      extras.decisions.push({ operationId, sequence, blockNumber: number, outcome, reason, timestampMs: timestamp });
    }
  }
  return extras;
}
