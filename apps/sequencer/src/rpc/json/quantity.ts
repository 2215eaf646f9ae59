import { bytesToBigIntBE, type Hex } from '#libs/protocol';

/** An unsigned integer as Ethereum's JSON has it: hex without leading zeros. */
export const toQuantity = (value: bigint | number): Hex => `0x${value.toString(16)}`;

/** {@link toQuantity} of an unsigned integer in bytes, most significant first. */
export const bytesToQuantity = (bytes: Uint8Array, start: number, end: number): Hex =>
  toQuantity(bytesToBigIntBE(bytes, start, end));
