import { recoverAddress } from '#libs/crypto';
import {
  commitmentDigest,
  entryBody,
  EntryKind,
  equalBytes,
  type Header,
  type Registry,
  Restore,
  restoreFault,
  SignedRestore,
} from '#libs/protocol';
import { type VerifiedEntry } from './verified-block.js';
import { type Fail } from './verify-header.js';

/** The restore that a block declares, or null. Throws by `fail` for one that cannot stand in this block. */
export function verifyRestores(
  registry: Registry,
  entries: VerifiedEntry[],
  header: Header,
  fail: Fail,
): Restore | null {
  let declared: Restore | null = null;
  for (const { kind, bytes, sequence } of entries) {
    if (kind !== EntryKind.RESTORE) continue;
    const { restore, fault } = read(registry, entryBody(bytes), header);
    const reason = declared ? 'the block declares two' : fault;
    if (reason !== null || !restore) {
      const type = { code: 'RESTORE', number: header.number, sequence, reason: reason ?? '' } as const;
      return fail(type, `Entry ${sequence} is no valid restore: ${reason}.`);
    }
    declared = restore;
  }
  return declared;
}

function read(
  { registryKey }: Registry,
  body: Uint8Array,
  header: Header,
): { restore: Restore | null; fault: string | null } {
  try {
    const { restore, signature } = SignedRestore.deserialize(body);
    const signer = recoverAddress(commitmentDigest(header.logId, 'restore', Restore.hashTreeRoot(restore)), signature);
    if (!signer || !equalBytes(signer, registryKey)) return { restore, fault: 'the registry key did not sign it' };
    return { restore, fault: restoreFault(restore, header) };
  } catch (error) {
    return { restore: null, fault: (error as Error).message };
  }
}
