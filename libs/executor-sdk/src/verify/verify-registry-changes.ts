import { recoverAddress } from '#libs/crypto';
import {
  applyRegistryChange,
  commitmentDigest,
  entryBody,
  EntryKind,
  equalBytes,
  type Header,
  type Registry,
  RegistryChange,
  sszRoot,
  SignedRegistryChange,
} from '#libs/protocol';
import { type VerifiedEntry } from './verified-block.js';
import { type Fail } from './verify-header.js';

/** The registry in force for the next block: the present one after the changes among a block's entries. */
export function verifyRegistryChanges(
  registry: Registry,
  entries: VerifiedEntry[],
  header: Header,
  fail: Fail,
): Registry {
  let next = registry;
  for (const entry of entries) {
    if (entry.kind !== EntryKind.REGISTRY_CHANGE) continue;
    try {
      next = applyOne(next, registry.registryKey, entryBody(entry.bytes), header);
    } catch (error) {
      const reason = (error as Error).message;
      fail(
        { code: 'REGISTRY_CHANGE', number: header.number, sequence: entry.sequence, reason },
        `Entry ${entry.sequence} is no valid change of the registry: ${reason}`,
      );
    }
  }
  return next;
}

/** @param registryKey in force in this block, whatever a change before this one says of it */
function applyOne(
  registry: Registry,
  registryKey: Uint8Array,
  body: Uint8Array,
  { logId, timestamp }: Header,
): Registry {
  const { change, signature } = SignedRegistryChange.deserialize(body);
  const signer = recoverAddress(commitmentDigest(logId, 'registry', sszRoot(RegistryChange, change)), signature);
  if (!signer || !equalBytes(signer, registryKey)) throw new Error('It is not signed by the registry key.');
  return applyRegistryChange(registry, change, timestamp);
}
