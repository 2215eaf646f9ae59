import { keccak256Concat, uint64ToBytesBE } from '#libs/protocol';
import { type AuditRow } from '../types.js';
import { canonicalJson } from './canonical-json.js';

/** Bytes of `actor` and of `command`, at most. */
export const AUDIT_NAME_BYTES_MAX = 256;
/** Bytes of `detail`, at most. */
export const AUDIT_DETAIL_BYTES_MAX = 65_536;

/** What a row adds to: the row before it. */
export type AuditLink = Pick<AuditRow, 'id' | 'atMs' | 'hash'>;

/** What the first row adds to: its `previousHash` is 32 zero bytes. */
export const AUDIT_START: AuditLink = { id: 0n, atMs: 0, hash: new Uint8Array(32) };

/** What is new in a row. */
export interface AuditDraft {
  /** Log time in ms: of its block, or earlier. */
  atMs: number;
  /** Who gave the command: 1 to {@link AUDIT_NAME_BYTES_MAX} bytes. */
  actor: string;
  /** A stable name, as in `operation.abort`: 1 to {@link AUDIT_NAME_BYTES_MAX} bytes. */
  command: string;
  /** JSON: numbers beyond 2^53 as decimal strings, bytes as hex; {@link AUDIT_DETAIL_BYTES_MAX} as text. */
  detail: unknown;
}

/**
 * The row that follows `previous` in the chain, hashed. Call it while the block is built: rows of a block that was
 * not written must not be built upon.
 *
 * @throws RangeError for a text out of bounds or that Postgres cannot store, and as `canonicalJson`
 */
export function nextAuditRow(previous: AuditLink | undefined, draft: AuditDraft): AuditRow {
  const { id, hash } = previous ?? AUDIT_START;
  const { atMs, actor, command } = draft;
  checkText('actor', actor, 1, AUDIT_NAME_BYTES_MAX);
  checkText('command', command, 1, AUDIT_NAME_BYTES_MAX);
  const detail = canonicalJson(draft.detail);
  checkText('detail', detail, 0, AUDIT_DETAIL_BYTES_MAX);
  const row = { id: id + 1n, atMs, actor, command, detail, previousHash: hash };
  return { ...row, hash: auditHash(row) };
}

/**
 * keccak-256 of previous hash (32 bytes) ‖ id (8 bytes) ‖ time in ms (8 bytes) ‖ actor ‖ command ‖ detail, integers
 * big-endian, each text as UTF-8 behind its length in bytes (8 bytes). Every part has a fixed or a given length, so no
 * two rows share an encoding.
 *
 * @throws RangeError for an id or a time that is no unsigned 64-bit integer
 */
export function auditHash(row: Omit<AuditRow, 'hash'>): Uint8Array {
  const texts = [row.actor, row.command, row.detail].flatMap((text) => {
    const bytes = Buffer.from(text, 'utf8');
    return [uint64ToBytesBE(BigInt(bytes.length)), bytes];
  });
  return keccak256Concat(row.previousHash, uint64ToBytesBE(row.id), uint64ToBytesBE(BigInt(row.atMs)), ...texts);
}

const UNSTORABLE = /\p{Surrogate}|\0/u;

/** NUL is no text to Postgres, and a lone surrogate has no UTF-8. Refused here they cannot fail a block. */
function checkText(name: string, text: string, bytesMin: number, bytesMax: number): void {
  const length = Buffer.byteLength(text, 'utf8');
  if (length < bytesMin || length > bytesMax) {
    throw new RangeError(`the ${name} of an audit row has ${bytesMin} to ${bytesMax} bytes, not ${length}`);
  }
  if (UNSTORABLE.test(text)) throw new RangeError(`the ${name} of an audit row has NUL or half a surrogate pair`);
}
