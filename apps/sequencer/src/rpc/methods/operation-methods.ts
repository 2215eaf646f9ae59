import { bytesToHex, hexToBytes, OperationKind, type Registry } from '#libs/protocol';
import { registryJson, type RegistryJson } from '../json/registry-json.js';
import { intentParam, signaturesParam } from '../params/intent-params.js';
import { bytes32Param } from '../params/values.js';
import type { Method, MethodTable } from './method.js';

const registries = new WeakMap<Registry, RegistryJson>();

/** Lockstep's own methods. They concern the whole log and answer the same on every rollup's path. */
export const operationMethods: MethodTable = {
  lockstep_submitWrite: submit(OperationKind.write),
  lockstep_submitExercise: submit(OperationKind.exercise),
  lockstep_submitClose: submit(OperationKind.close),
  lockstep_getOperation: {
    paramsMax: 1,
    run: ({ backend }, [id]) => backend.operation(hexToBytes(bytes32Param(id, 'id'))),
  },
  lockstep_getRegistry: {
    paramsMax: 0,
    run: ({ backend }) => {
      const registry = backend.registry();
      let json = registries.get(registry);
      if (!json) registries.set(registry, (json = registryJson(backend.genesis(), registry)));
      return json;
    },
  },
};

/** `[intent, signatures]` → `{id, status}` once PREPARE is durable. */
function submit(kind: OperationKind): Method {
  return {
    paramsMax: 2,
    run: async ({ backend }, params) => {
      const intent = intentParam(params[0], kind);
      const { id, status } = await backend.submitOperation(intent, signaturesParam(params[1]));
      return { id: bytesToHex(id), status };
    },
  };
}
