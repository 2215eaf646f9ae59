import type { RecoverAddress } from '#libs/atomic-commit';
import {
  applyRegistryChange,
  commitmentDigest,
  entryBody,
  EntryKind,
  equalBytes,
  type Registry,
  RegistryChange,
  SignedRegistryChange,
} from '#libs/protocol';
import type { IndexedBlock } from './log-index.js';

/**
 * The registry in force in each block: what the valid changes in blocks before say. A change that is not signed by the
 * registry key or cannot be applied changes nothing; the check of I8 names it.
 */
export function registriesInForce(
  genesis: Registry,
  logId: Uint8Array,
  blocks: readonly IndexedBlock[],
  recover: RecoverAddress,
): Registry[] {
  let registry = genesis;
  return blocks.map((block) => {
    const inForce = registry;
    for (const { entry } of block.entries) {
      if (entry.kind !== EntryKind.REGISTRY_CHANGE) continue;
      const result = tryRegistryChange(registry, inForce.registryKey, entry.bytes, { block, logId, recover });
      if (result.ok) registry = result.registry;
    }
    return inForce;
  });
}

/** A change as it would be applied; or why it cannot be. */
export function tryRegistryChange(
  registry: Registry,
  registryKey: Uint8Array,
  bytes: Uint8Array,
  context: { block: IndexedBlock; logId: Uint8Array; recover: RecoverAddress },
): { ok: true; registry: Registry } | { ok: false; reason: string } {
  const { block, logId, recover } = context;
  try {
    const { change, signature } = SignedRegistryChange.deserialize(entryBody(bytes));
    const signer = recover(commitmentDigest(logId, 'registry', RegistryChange.hashTreeRoot(change)), signature);
    if (!signer || !equalBytes(signer, registryKey)) return { ok: false, reason: 'not signed by the registry key' };
    return { ok: true, registry: applyRegistryChange(registry, change, block.timestampMs) };
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
}
