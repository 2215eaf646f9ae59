import {
  applyRegistryChange,
  commitmentDigest,
  entryBody,
  equalBytes,
  type LogEntry,
  RegistryChange,
  RegistryChangeError,
  SignedRegistryChange,
  sszRoot,
} from '#libs/protocol';
import { type BlockScope, placeIn } from './block-scope.js';
import { LedgerHaltError } from './halt-error.js';
import { readEntry } from './read-entry.js';

/**
 * REGISTRY_CHANGE: signed by the registry key in force; in force itself from the next block on.
 * @throws LedgerHaltError for a change that must not stand in the log
 */
export function applyChange(block: BlockScope, { sequence, bytes }: LogEntry): void {
  const { change, signature } = readEntry(block, sequence, () => SignedRegistryChange.deserialize(entryBody(bytes)));
  const halt = (detail: string): never => {
    throw new LedgerHaltError({ code: 'HALT_REGISTRY_CHANGE', ...placeIn(block, sequence), detail }, detail);
  };
  const digest = commitmentDigest(block.logId, 'registry', sszRoot(RegistryChange, change));
  const signer = block.recover(digest, signature);
  if (!signer || !equalBytes(signer, block.registry.registryKey)) {
    halt(`Registry change ${change.nonce} is not signed by the registry key.`);
  }
  try {
    block.nextRegistry = applyRegistryChange(block.nextRegistry, change, block.timestampMs);
  } catch (error) {
    if (!(error instanceof RegistryChangeError)) throw error;
    halt(error.message);
  }
}
