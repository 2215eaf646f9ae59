import { EIP712_TYPES, hexToBytes, type Intent, OperationKind } from '#libs/protocol';
import { RpcError, show } from '../json-rpc/rpc-error.js';
import { addressParam, bytes32Param, bytesParam, integerParam, objectParam, refuse } from './values.js';

type IntentTypeName = 'ExerciseIntent' | 'WriteIntent' | 'CloseIntent';

const TYPE_NAMES: Record<OperationKind, IntentTypeName> = {
  [OperationKind.exercise]: 'ExerciseIntent',
  [OperationKind.write]: 'WriteIntent',
  [OperationKind.close]: 'CloseIntent',
};

/** What a PREPARE can carry. */
const SIGNATURES_MAX = 4;
const SIGNATURE_BYTES = 65;

/**
 * Reads an intent as it was signed: its fields by their EIP-712 names, all of them and no others; addresses and bytes32
 * in hex and not zero, integers as decimal strings, hex quantities or safe JSON integers.
 * @throws RpcError -32602 that names the field
 */
export function intentParam(value: unknown, kind: OperationKind): Intent {
  const given = objectParam(value, 'intent');
  const fields = EIP712_TYPES[TYPE_NAMES[kind]];
  const unknown = Object.keys(given).find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) {
    throw RpcError.invalidParams(unknown, `${TYPE_NAMES[kind]} has no field ${show(unknown)}`);
  }
  const read = fields.map(({ name, type }) => {
    const stated = Object.hasOwn(given, name) ? given[name] : undefined;
    return [name, readField(stated, name, type)] as const;
  });
  return { selector: kind, value: Object.fromEntries(read) } as unknown as Intent;
}

function readField(value: unknown, name: string, type: 'address' | 'bytes32' | 'uint64' | 'uint256'): unknown {
  switch (type) {
    case 'address':
      return notZero(hexToBytes(addressParam(value, name)), name);
    case 'bytes32':
      return notZero(hexToBytes(bytes32Param(value, name)), name);
    case 'uint64':
      return integerParam(value, name, 64);
    case 'uint256':
      return integerParam(value, name, 256);
  }
}

/**
 * Reads the signatures of an intent: r ‖ s ‖ v in hex, v 27 or 28 as wallets give it; 0 and 1 are taken for them.
 * @throws RpcError -32602
 */
export function signaturesParam(value: unknown): Uint8Array[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > SIGNATURES_MAX) {
    return refuse('signatures', `an array of 1 to ${SIGNATURES_MAX} signatures`, value);
  }
  return value.map((item: unknown, index) => {
    const name = `signatures[${index}]`;
    const signature = bytesParam(item, name);
    const v = signature[SIGNATURE_BYTES - 1];
    if (signature.length !== SIGNATURE_BYTES || v === undefined) {
      throw RpcError.invalidParams('signatures', `${name} must have ${SIGNATURE_BYTES} bytes, has ${signature.length}`);
    }
    if (v === 0 || v === 1) signature[SIGNATURE_BYTES - 1] = v + 27;
    else if (v !== 27 && v !== 28) throw RpcError.invalidParams('signatures', `${name} ends in v ${v}, not 27 or 28`);
    return signature;
  });
}

/** Zero stands for nothing, so it is never somebody (invariants, security 2). */
function notZero(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes.some((byte) => byte !== 0)) return bytes;
  throw RpcError.invalidParams(name, `${name} must not be zero`);
}
