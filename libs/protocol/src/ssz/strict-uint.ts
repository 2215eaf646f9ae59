import { UintBigintType, UintNumberType } from '@chainsafe/ssz';

type WriteArguments = Parameters<UintNumberType['value_serializeToBytes']>;
type ReadArguments = Parameters<UintNumberType['value_deserializeFromBytes']>;

/**
 * An unsigned integer held as a number: at most 2^53 − 1, whatever its width. The library's own type rounds what is
 * larger and wraps what does not fit, so that several encodings would be read as one value, under one signature.
 */
export class StrictUintNumberType extends UintNumberType {
  private readonly valueMax: number;

  constructor(byteLength: 1 | 4 | 8) {
    super(byteLength);
    this.valueMax = Math.min(2 ** (8 * byteLength) - 1, Number.MAX_SAFE_INTEGER);
  }

  /** @throws RangeError */
  override value_serializeToBytes(output: WriteArguments[0], offset: number, value: number): number {
    return super.value_serializeToBytes(output, offset, this.checked(value));
  }

  /** @throws RangeError */
  override value_deserializeFromBytes(data: ReadArguments[0], start: number, end: number): number {
    return this.checked(super.value_deserializeFromBytes(data, start, end));
  }

  private checked(value: number): number {
    if (!Number.isInteger(value) || value < 0 || value > this.valueMax) {
      throw new RangeError(`${value} is no unsigned integer up to ${this.valueMax}`);
    }
    return value;
  }
}

/** An unsigned integer held as a bigint. The library's own type wraps what does not fit. */
export class StrictUintBigintType extends UintBigintType {
  private readonly valueEnd: bigint;

  constructor(byteLength: 8 | 32) {
    super(byteLength);
    this.valueEnd = 1n << BigInt(8 * byteLength);
  }

  /** @throws RangeError */
  override value_serializeToBytes(output: WriteArguments[0], offset: number, value: bigint): number {
    if (value < 0n || value >= this.valueEnd) {
      throw new RangeError(`${value} does not fit in ${this.byteLength} unsigned bytes`);
    }
    return super.value_serializeToBytes(output, offset, value);
  }
}
