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
   * @throws SliceError with both as evidence where a leader signed two different ones: `FORK` where the other is of a
   *   later epoch, `EQUIVOCATION` else
   */
  assertSame(other: SignedHeader, cursor: Cursor): void {
    const { number, epoch } = other.header;
    // What a restore has cut off may still be repeated by anyone.
    if (cursor.restores.some(({ lastBlock, epochAbove }) => number > lastBlock && epoch <= epochAbove)) return;
    const accepted = this.headers.get(number) ?? (number === cursor.number ? cursor.signedHeader : null);
    // Epochs never fall up to our cursor, so a later one below it is of another branch, whatever stood there.
    const rival = accepted ?? (number < cursor.number && epoch > cursor.epoch ? cursor.signedHeader : null);
    if (!rival) return;
    const hashes = [blockHash(rival.header), blockHash(other.header)] as const;
    if (equalBytes(...hashes)) return;
    if (!isSignedByLeader(other.header, hashes[1], other.signature, cursor)) return;
    const evidence = [SignedHeaderType.serialize(rival), SignedHeaderType.serialize(other)];
    const named: [string, string] = [bytesToHex(hashes[0]), bytesToHex(hashes[1])];
    if (epoch > rival.header.epoch) {
      throw new SliceError(
        { code: 'FORK', number, hashes: named, epochs: [rival.header.epoch, epoch] },
        `Block ${number} was appended again in epoch ${epoch}; this follower stands at block ${cursor.number} of epoch ${cursor.epoch}.`,
        evidence,
      );
    }
    throw new SliceError(
      { code: 'EQUIVOCATION', number, hashes: named },
      `Two different headers of block ${number} are signed by leaders of this log.`,
      evidence,
    );
  }
}
