import { equalBytes } from '#libs/protocol';
import { type AuditRow } from '../types.js';
import { AUDIT_START, auditHash, type AuditLink } from './audit-row.js';

/**
 * The first row that does not belong, and why.
 * - `gap`: its id is not the previous one and one
 * - `previous_hash`: it was made to follow another row
 * - `time`: it is earlier than the row before (I7)
 * - `hash`: it was changed after it was hashed
 */
export interface AuditFault {
  id: bigint;
  fault: 'gap' | 'previous_hash' | 'time' | 'hash';
}

/**
 * Recomputes the hash chain over rows in the order of their ids (I34). A chain cannot show that its newest rows were
 * cut off: keep the last id and hash elsewhere, and compare.
 *
 * @param after the row before the first of `rows`; nothing when they begin with row 1. So pages can be checked one by one
 * @returns undefined for a whole chain
 */
export function verifyAuditChain(rows: readonly AuditRow[], after: AuditLink = AUDIT_START): AuditFault | undefined {
  let previous = after;
  for (const row of rows) {
    const fault = faultOf(row, previous);
    if (fault) return { id: row.id, fault };
    previous = row;
  }
  return undefined;
}

function faultOf(row: AuditRow, previous: AuditLink): AuditFault['fault'] | undefined {
  if (row.id !== previous.id + 1n) return 'gap';
  if (!equalBytes(row.previousHash, previous.hash)) return 'previous_hash';
  if (row.atMs < previous.atMs) return 'time';
  if (!equalBytes(row.hash, auditHash(row))) return 'hash';
  return undefined;
}
