import { bigIntToBytesBE, bytesToBigIntBE, bytesToHex, concatBytes, type Hex, keccak256 } from '#libs/protocol';

/** ABI encoding by hand: fixed types are words of 32 bytes (Solidity ABI specification, "Formal Specification"). */
const WORD_BYTES = 32;
const SELECTOR_BYTES = 4;
const ADDRESS_PADDING_BYTES = 12;

const utf8 = new TextEncoder();

/** Why a call is reverted; the message is what the sender reads. */
export class Revert extends Error {}

/** The first four bytes of the keccak of a function's signature, as a number. */
export function selectorOf(signature: string): number {
  return readUint32(keccak256(utf8.encode(signature)));
}

/** The first topic of an event's logs. */
export const eventTopic = (signature: string): Uint8Array => keccak256(utf8.encode(signature));

/** The selector in calldata; null when that is too short for one. */
export const selectorIn = (data: Uint8Array): number | null => (data.length < SELECTOR_BYTES ? null : readUint32(data));

const readUint32 = (bytes: Uint8Array): number =>
  ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;

/** Reads the arguments of a call. Strict: exactly as many words as the function takes, clean high bytes of addresses. */
export class CallArguments {
  /** @throws Revert when the length is wrong */
  constructor(
    private readonly data: Uint8Array,
    words: number,
  ) {
    const expected = SELECTOR_BYTES + words * WORD_BYTES;
    if (data.length !== expected)
      throw new Revert(`calldata has ${data.length} bytes, this function takes ${expected}`);
  }

  bytes32(index: number): Uint8Array {
    const start = SELECTOR_BYTES + index * WORD_BYTES;
    return this.data.subarray(start, start + WORD_BYTES);
  }

  /** @throws Revert when the word is no address */
  address(index: number): Uint8Array {
    const start = SELECTOR_BYTES + index * WORD_BYTES;
    const { data } = this;
    for (let place = start; place < start + ADDRESS_PADDING_BYTES; place++) {
      if (data[place] !== 0) throw new Revert(`argument ${index + 1} is not an address`);
    }
    return data.subarray(start + ADDRESS_PADDING_BYTES, start + WORD_BYTES);
  }

  uint256(index: number): bigint {
    const start = SELECTOR_BYTES + index * WORD_BYTES;
    return bytesToBigIntBE(this.data, start, start + WORD_BYTES);
  }
}

export const uintWord = (value: bigint): Uint8Array => bigIntToBytesBE(value, WORD_BYTES);

export function addressWord(address: Uint8Array): Uint8Array {
  const word = new Uint8Array(WORD_BYTES);
  word.set(address, ADDRESS_PADDING_BYTES);
  return word;
}

/** Words after one another: the encoding of fixed types. */
export const encodeWords = (...values: bigint[]): Uint8Array => concatBytes(...values.map(uintWord));

const ERROR_SELECTOR = keccak256(utf8.encode('Error(string)')).subarray(0, SELECTOR_BYTES);

/** Revert data as Solidity's `revert("…")` makes it: Error(string). */
export function encodeRevert(reason: string): Uint8Array {
  const text = utf8.encode(reason);
  const padded = new Uint8Array(Math.ceil(text.length / WORD_BYTES) * WORD_BYTES);
  padded.set(text);
  return concatBytes(ERROR_SELECTOR, uintWord(BigInt(WORD_BYTES)), uintWord(BigInt(text.length)), padded);
}

/** Bytes for people, in a revert's reason. */
export const shown = (bytes: Uint8Array): Hex => bytesToHex(bytes);
