import type { RecoverAddress } from '#libs/atomic-commit';
import {
  bytesToHex,
  commitmentDigest,
  equalBytes,
  LockstepError,
  Restore,
  restoreFault,
  SignedRestore,
} from '#libs/protocol';
import type { LogState } from './log-state.js';

/** Followers would refuse the restore that the next block has to carry, and halt. */
export class RestoreUnusableError extends LockstepError<{ code: 'RESTORE_UNUSABLE'; reason: string }> {}

/**
 * Makes sure that followers accept a declared restore in the next block: the registry key in force after the last kept
 * block signed it, and it keeps that block.
 * @param body SSZ of a SignedRestore
 * @param state read to the log's end
 * @param epoch of the next block
 * @throws RestoreUnusableError
 */
export function assertRestoreUsable(body: Uint8Array, state: LogState, epoch: number, recover: RecoverAddress): void {
  const reason = faultOf(body, state, epoch, recover);
  if (reason === null) return;
  throw new RestoreUnusableError(
    { code: 'RESTORE_UNUSABLE', reason },
    `This node does not lead: the restore that was declared after block ${state.tip.number} is one that followers would refuse, since ${reason}.`,
    'Declare it again with the registry key that is in force: lockstep restore --epoch-above N.',
  );
}

function faultOf(
  body: Uint8Array,
  { tip, registry, logId }: LogState,
  epoch: number,
  recover: RecoverAddress,
): string | null {
  let signed: SignedRestore;
  try {
    signed = SignedRestore.deserialize(body);
  } catch (error) {
    return `its bytes are malformed: ${(error as Error).message}`;
  }
  const { restore, signature } = signed;
  const signer = recover(commitmentDigest(logId, 'restore', Restore.hashTreeRoot(restore)), signature);
  if (!signer || !equalBytes(signer, registry.registryKey)) {
    return `${signer ? bytesToHex(signer) : 'nobody'} signed it, not the registry key ${bytesToHex(registry.registryKey)}`;
  }
  return restoreFault(restore, { number: tip.number + 1, parentHash: tip.hash, epoch });
}
