import { hexToBytes, toEvidenceFile } from '#libs/protocol';
import { bytes32Param, refuse } from '../params/values.js';
import type { MethodTable } from './method.js';

/** Blocks for which one call exports registries. */
const BLOCKS_MAX = 16;

/** What people keep to check the log offline: the same from every sequencer, on every rollup's path. */
export const evidenceMethods: MethodTable = {
  lockstep_getCertificate: {
    paramsMax: 1,
    run: async ({ backend }, [id]) => {
      const certificate = await backend.certificate(hexToBytes(bytes32Param(id, 'id')));
      return certificate && toEvidenceFile('certificate', certificate);
    },
  },
  lockstep_getPreconfirmation: {
    paramsMax: 1,
    run: async ({ backend }, [hash]) => {
      const proved = await backend.preconfirmation(hexToBytes(bytes32Param(hash, 'hash')));
      return proved && toEvidenceFile('preconfirmation', proved);
    },
  },
  lockstep_getRegistryExport: {
    paramsMax: 1,
    run: async ({ backend }, [blocks]) =>
      toEvidenceFile('registry', await backend.registries(blocksParam(blocks, backend.head().number))),
  },
};

/** Block numbers, up to the next block's; none where the parameter is left out. */
function blocksParam(value: unknown, head: number): number[] {
  if (value === undefined || value === null) return [];
  const isList = Array.isArray(value) && value.length > 0 && value.length <= BLOCKS_MAX;
  if (!isList || !value.every((number) => Number.isSafeInteger(number) && number >= 0 && number <= head + 1)) {
    return refuse('blocks', `1 to ${BLOCKS_MAX} block numbers up to ${head + 1}`, value);
  }
  return value as number[];
}
