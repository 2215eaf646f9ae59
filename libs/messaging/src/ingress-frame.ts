import { MessagingError } from './errors.js';

/** Transactions in one message; so the answer, one JSON object each, fits in a message too. */
export const INGRESS_TRANSACTIONS_MAX = 4_096;

const LENGTH_BYTES = 4;

/** The body of an `ingress.<chainId>` request: for each transaction a 4-byte big-endian length and the raw bytes. */
export function encodeIngress(raws: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const raw of raws) length += LENGTH_BYTES + raw.length;
  const bytes = Buffer.alloc(length);
  let offset = 0;
  for (const raw of raws) {
    bytes.writeUInt32BE(raw.length, offset);
    bytes.set(raw, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + raw.length;
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * The raw transactions of an `ingress.<chainId>` request, as views of its bytes.
 *
 * How large a transaction may be is not judged here: one that is too large is refused alone, not with all the others.
 *
 * @throws MessagingError `INGRESS_FRAME` unless the bytes are 1 to 4,096 whole frames of at least 1 byte
 */
export function decodeIngress(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const raws: Uint8Array[] = [];
  let offset = 0;
  if (bytes.length === 0) throw frameError(0, 'the message is empty');
  while (offset < bytes.length) {
    if (raws.length === INGRESS_TRANSACTIONS_MAX) {
      throw frameError(offset, `it holds more than ${INGRESS_TRANSACTIONS_MAX} transactions`);
    }
    if (bytes.length - offset < LENGTH_BYTES) throw frameError(offset, 'a length is cut short');
    const length = view.getUint32(offset);
    const start = offset + LENGTH_BYTES;
    if (length === 0) throw frameError(offset, 'a transaction is said to have no bytes');
    if (bytes.length - start < length) throw frameError(offset, `a transaction of ${length} bytes is cut short`);
    raws.push(bytes.subarray(start, start + length));
    offset = start + length;
  }
  return raws;
}

function frameError(offset: number, why: string): MessagingError {
  return new MessagingError(
    { code: 'INGRESS_FRAME', offset },
    `The request is no sequence of framed transactions: at byte ${offset} ${why}.`,
    'Send for each transaction its length as 4 bytes, most significant first, and then its bytes.',
  );
}
