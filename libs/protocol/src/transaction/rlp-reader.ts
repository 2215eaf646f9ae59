import { bytesToBigIntBE } from '../bytes.js';
import { RlpProblem, TransactionDecodeError, TransactionErrorCode } from './error.js';

/**
 * Walks over RLP without copying and accepts the canonical encoding alone, so that what it read has one encoding only
 * (Yellow Paper, appendix B). After a read, `start` and `end` delimit the payload; `offset` is where the next item begins.
 */
export class RlpReader {
  /** First byte of the payload of the item read last. */
  start = 0;
  /** The byte after the payload of the item read last. */
  end = 0;

  constructor(
    private readonly bytes: Uint8Array,
    /** Where the next item begins. */
    public offset: number,
    /** The byte after the list being read. */
    private limit: number,
  ) {}

  /** Reads a list's header and steps into it. Returns the limit that {@link leaveList} takes. */
  enterList(field: string): number {
    const prefix = this.prefix(field);
    if (prefix < 0xc0) this.fail(RlpProblem.EXPECTED_LIST, field);
    this.readPayload(prefix - 0xc0, field);
    const outerLimit = this.limit;
    this.offset = this.start;
    this.limit = this.end;
    return outerLimit;
  }

  /** Whether the list being read holds another item. */
  hasMore(): boolean {
    return this.offset < this.limit;
  }

  /** Asserts that the list being read is used up and steps out of it. */
  leaveList(outerLimit: number, field: string): void {
    if (this.hasMore()) this.fail(RlpProblem.TOO_MANY_ELEMENTS, field);
    this.limit = outerLimit;
  }

  /** Reads a string of any length; `start` and `end` delimit it. */
  readString(field: string): void {
    const prefix = this.prefix(field);
    if (prefix >= 0xc0) this.fail(RlpProblem.EXPECTED_STRING, field);
    if (prefix < 0x80) {
      this.start = this.offset;
      this.end = this.offset = this.start + 1;
      return;
    }
    this.readPayload(prefix - 0x80, field);
    if (this.end - this.start === 1 && this.bytes[this.start]! < 0x80) {
      this.fail(RlpProblem.SIZE_NOT_CANONICAL, field);
    }
    this.offset = this.end;
  }

  /** Reads a string of exactly `length` bytes. */
  readFixed(length: number, field: string): void {
    this.readString(field);
    this.checkLength(length, field);
  }

  /** Refuses the string read last unless it has exactly `length` bytes. */
  checkLength(length: number, field: string): void {
    if (this.end - this.start < length) this.fail(RlpProblem.STRING_TOO_SHORT, field);
    if (this.end - this.start > length) this.fail(RlpProblem.STRING_TOO_LONG, field);
  }

  /** Reads an unsigned integer without leading zeros; `start` and `end` delimit its bytes, none for zero. */
  readInteger(field: string): void {
    this.readString(field);
    if (this.end > this.start && this.bytes[this.start] === 0) this.fail(RlpProblem.LEADING_ZERO, field);
  }

  /** Reads an unsigned integer of at most `bytesMax` bytes. */
  readBigInt(bytesMax: number, field: string): bigint {
    this.readInteger(field);
    if (this.end - this.start > bytesMax) this.fail(RlpProblem.STRING_TOO_LONG, field);
    return bytesToBigIntBE(this.bytes, this.start, this.end);
  }

  fail(problem: RlpProblem, field: string): never {
    throw new TransactionDecodeError({ code: TransactionErrorCode.RLP, problem, field, offset: this.offset });
  }

  private prefix(field: string): number {
    if (this.offset >= this.limit) this.fail(RlpProblem.TOO_FEW_ELEMENTS, field);
    return this.bytes[this.offset]!;
  }

  /** Sets `start` and `end` by the size in a header whose first byte is `size` above that of the empty item. */
  private readPayload(size: number, field: string): void {
    let start = this.offset + 1;
    let length = size;
    if (size > 55) {
      const sizeEnd = start + size - 55;
      if (sizeEnd > this.limit) this.fail(RlpProblem.VALUE_TOO_LARGE, field);
      if (this.bytes[start] === 0) this.fail(RlpProblem.SIZE_NOT_CANONICAL, field);
      // At most 8 bytes: what a number loses above 2^53 is far above any limit.
      length = 0;
      for (; start < sizeEnd; start++) length = length * 256 + this.bytes[start]!;
      if (length < 56) this.fail(RlpProblem.SIZE_NOT_CANONICAL, field);
    }
    if (start + length > this.limit) {
      this.fail(this.limit === this.bytes.length ? RlpProblem.VALUE_TOO_LARGE : RlpProblem.ELEMENT_TOO_LARGE, field);
    }
    this.start = start;
    this.end = start + length;
  }
}
