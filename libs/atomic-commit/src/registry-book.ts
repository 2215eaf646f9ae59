import {
  bytesToHex,
  type Hex,
  type Registry,
  type RegistryExport,
  registryRoot,
  verifyPrepareMsMax,
} from '#libs/protocol';
import { EvidenceError } from './evidence-error.js';

/** The registries that evidence is checked against, by their roots. */
export interface RegistryBook {
  logId: Uint8Array;
  /** Longest time between PREPARE and its deadline, in ms. */
  prepareMsMax: number;
  find(root: Uint8Array): Registry | undefined;
}

/** Opens an exported registry. @throws EvidenceError `RULES_PROOF` where its rule is not that of its log */
export function openRegistryExport(exported: RegistryExport): RegistryBook {
  const { logId, prepareMsMax, registries } = exported;
  if (!verifyPrepareMsMax(exported)) {
    throw new EvidenceError(
      { code: 'RULES_PROOF' },
      `The registry file says a longest time to prepare of ${prepareMsMax} ms, which log ${bytesToHex(logId)} does not commit to.`,
      'Export the registry again from a sequencer that you trust.',
    );
  }
  const byRoot = new Map<Hex, Registry>(registries.map((registry) => [bytesToHex(registryRoot(registry)), registry]));
  return { logId, prepareMsMax, find: (root) => byRoot.get(bytesToHex(root)) };
}
