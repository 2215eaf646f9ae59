import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SliceError, type VerifiedBlock } from '#libs/executor-sdk';
import { bytesToHex, LockstepError, SignedHeader } from '#libs/protocol';

/** Why an executor applies no more blocks. */
export interface Halt {
  code: string;
  message: string;
  /** The last block that was applied whole. */
  number: number;
  /** Hex of what is small enough for a status, and the file that holds all of it. */
  evidence: string[];
}

/** Evidence up to this size goes into the status, which is sent every second. */
const EVIDENCE_INLINE_BYTES_MAX = 2_048;

/**
 * Describes a halt and writes its evidence to a file.
 * @param block the block that was being applied; null where none got so far
 */
export function describeHalt(error: Error, number: number, block: VerifiedBlock | null, dataDir: string): Halt {
  const evidence = evidenceOf(error, block);
  const code = isLockstepError(error) ? error.code : 'UNEXPECTED';
  const file = writeEvidence(dataDir, `block-${number + 1}-${code}`, { code, error, evidence });
  const inline = evidence.filter(({ length }) => length <= EVIDENCE_INLINE_BYTES_MAX).map(bytesToHex);
  return { code, message: error.message, number, evidence: [...inline, ...(file ? [file] : [])] };
}

const isLockstepError = (error: Error): error is LockstepError => error instanceof LockstepError;

function evidenceOf(error: Error, block: VerifiedBlock | null): Uint8Array[] {
  if (error instanceof SliceError) return error.evidence;
  return block ? [SignedHeader.serialize(block.signedHeader), block.slice] : [];
}

function writeEvidence(
  dataDir: string,
  name: string,
  { code, error, evidence }: { code: string; error: Error; evidence: Uint8Array[] },
): string | null {
  const type = isLockstepError(error) ? error.type : undefined;
  const content = { code, message: error.message, type, stack: error.stack, evidence: evidence.map(bytesToHex) };
  const file = join(dataDir, 'evidence', `${name}.json`);
  try {
    mkdirSync(join(dataDir, 'evidence'), { recursive: true });
    writeFileSync(
      file,
      JSON.stringify(content, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2),
    );
    return file;
  } catch {
    return null; // a full disk must not hide the halt itself
  }
}
