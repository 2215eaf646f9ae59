import { type Hex, hexToBytes } from '#libs/protocol';
import { RpcError, show } from '../json-rpc/rpc-error.js';

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const BYTES32 = /^0x[0-9a-fA-F]{64}$/;
const QUANTITY = /^0x(0|[1-9a-fA-F][0-9a-fA-F]*)$/;
const DECIMAL = /^(0|[1-9][0-9]*)$/;
/** Longer than any integer of 256 bits, in either notation. */
const INTEGER_LENGTH_MAX = 80;

/** Throws -32602 for a value that is missing or not what its parameter must be. */
export function refuse(name: string, must: string, value: unknown): never {
  if (value === undefined) throw RpcError.invalidParams(name, `missing value for required argument ${name}: ${must}`);
  throw RpcError.invalidParams(name, `${name} must be ${must}, got ${show(value)}`);
}

/** 20 bytes in hex, any case: checksums are the client's matter. Given back in lower case. */
export function addressParam(value: unknown, name: string): Hex {
  if (typeof value === 'string' && ADDRESS.test(value)) return value.toLowerCase() as Hex;
  return refuse(name, '20 bytes as 0x hex', value);
}

/** 32 bytes in hex. Given back in lower case. */
export function bytes32Param(value: unknown, name: string): Hex {
  if (typeof value === 'string' && BYTES32.test(value)) return value.toLowerCase() as Hex;
  return refuse(name, '32 bytes as 0x hex', value);
}

/** Bytes of any length in hex. */
export function bytesParam(value: unknown, name: string): Uint8Array {
  if (typeof value === 'string') {
    try {
      return hexToBytes(value);
    } catch {
      // Said below, with the parameter's name.
    }
  }
  return refuse(name, 'bytes as 0x and an even number of hex digits', value);
}

/** An unsigned integer as Ethereum's JSON has it: hex without leading zeros. */
export function quantityParam(value: unknown, name: string, bits = 256): bigint {
  if (typeof value === 'string' && value.length <= INTEGER_LENGTH_MAX && QUANTITY.test(value)) {
    return within(BigInt(value), name, bits);
  }
  return refuse(name, 'a quantity as 0x hex without leading zeros', value);
}

/** An unsigned integer as a decimal string, a hex quantity or a JSON integer up to 2^53-1. */
export function integerParam(value: unknown, name: string, bits: number): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return within(BigInt(value), name, bits);
  if (
    typeof value === 'string' &&
    value.length <= INTEGER_LENGTH_MAX &&
    (DECIMAL.test(value) || QUANTITY.test(value))
  ) {
    return within(BigInt(value), name, bits);
  }
  const must = 'an unsigned integer as a decimal string, a hex quantity or a number up to 2^53-1';
  return refuse(name, must, value);
}

/** A boolean; `absent` where the client left it out. */
export function booleanParam(value: unknown, name: string, absent: boolean): boolean {
  if (value === undefined || value === null) return absent;
  if (typeof value === 'boolean') return value;
  return refuse(name, 'true or false', value);
}

/** A JSON object, not an array. */
export function objectParam(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return refuse(name, 'an object', value);
}

function within(value: bigint, name: string, bits: number): bigint {
  if (value >> BigInt(bits) === 0n) return value;
  throw RpcError.invalidParams(name, `${name} is out of range: ${value} does not fit in ${bits} bits`);
}
