import { blockHash, bytesToHex, equalBytes, type SignedHeader, SignedHeader as SignedHeaderType } from '#libs/protocol';
import { type Cursor } from './cursor.js';
import { SliceError } from './slice-error.js';
import { isSignedByLeader } from './verify-header.js';

const HEADERS_MAX = 1_024;

/** The newest signed headers that a follower has accepted, to notice a second one for the same height. */
export class RecentHeaders {
  private readonly headers = new Map<number, SignedHeader>();

  add(signedHeader: SignedHeader): void {
    const { number } = signedHeader.header;
    this.headers.set(number, signedHeader);
    this.headers.delete(number - HEADERS_MAX);
  }

  /**
   * Compares a header that a follower has met again with the one it accepted.
   *
   * @throws SliceError `EQUIVOCATION` with both as evidence where a leader signed two different ones
   */
  assertSame(other: SignedHeader, cursor: Cursor): void {
    const { number } = other.header;
    const accepted = this.headers.get(number) ?? (cursor.number === number ? cursor.signedHeader : null);
    if (!accepted) return;
    const acceptedHash = blockHash(accepted.header);
    const otherHash = blockHash(other.header);
    if (equalBytes(acceptedHash, otherHash)) return;
    if (!isSignedByLeader(other.header, otherHash, other.signature, cursor)) return;
    throw new SliceError(
      { code: 'EQUIVOCATION', number, hashes: [bytesToHex(acceptedHash), bytesToHex(otherHash)] },
      `Two different headers of block ${number} are signed by leaders of this log.`,
      [SignedHeaderType.serialize(accepted), SignedHeaderType.serialize(other)],
    );
  }
}
