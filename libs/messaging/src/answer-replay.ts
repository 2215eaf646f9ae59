import { NATS_PAYLOAD_BYTES_MIN, ReplayRequest, ReplayResponse, SLICE_BYTES_MAX } from '#libs/protocol';
import { MessagingError } from './errors.js';

/** Where replay takes what it hands out. */
export interface SliceSource {
  /** The serialised genesis. */
  genesisBytes(): Uint8Array;
  /** Number of the newest durable block; 0 when there is only genesis. */
  head(): number;
  /**
   * Serialised slices of a rollup from block `from` (≥ 1) on, in order and without a gap, at most `limit` and
   * `bytesMax` bytes together but at least one where block `from` exists. Empty for an unknown rollup.
   */
  slices(chainId: number, from: number, limit: number, bytesMax: number): Promise<Uint8Array[]>;
}

/** Slices of one answer, in all. */
const SLICES_MAX = 1024;
/** Size of one answer: fits in a message of every server we accept. */
export const REPLAY_BYTES_MAX = NATS_PAYLOAD_BYTES_MIN - 1024;
/** Fixed fields and the offset of each slice. */
const OVERHEAD_BYTES = 32 + 4 * SLICES_MAX;

/**
 * Answers one request for replay, over whichever way it came.
 *
 * @param request serialised `ReplayRequest`, or its value
 * @returns serialised `ReplayResponse`, at most {@link REPLAY_BYTES_MAX} bytes
 * @throws MessagingError `REPLAY_REQUEST` for a malformed request
 */
export async function answerReplay(
  source: SliceSource,
  chainId: number,
  request: Uint8Array | ReplayRequest,
): Promise<Uint8Array> {
  const { from, limit, offset } = request instanceof Uint8Array ? decodeRequest(request) : request;
  if (!Number.isSafeInteger(from) || from < 0 || !Number.isSafeInteger(offset) || offset < 0) {
    throw malformed(`from ${from}, offset ${offset}`);
  }
  if (from === 0) return answerGenesis(source, offset);
  const head = source.head();
  const count = Math.min(Math.max(1, limit || SLICES_MAX), SLICES_MAX, Math.max(0, head - from + 1));
  const bytesMax = REPLAY_BYTES_MAX - OVERHEAD_BYTES;
  const found = count > 0 ? await source.slices(chainId, from, count, bytesMax) : [];
  return ReplayResponse.serialize({
    head,
    slices: fitting(found.slice(0, count), bytesMax),
    genesisBytes: 0,
    genesisPart: new Uint8Array(0),
  });
}

function answerGenesis(source: SliceSource, offset: number): Uint8Array {
  const bytes = source.genesisBytes();
  if (offset >= bytes.length) throw malformed(`genesis has ${bytes.length} bytes, asked for byte ${offset}`);
  return ReplayResponse.serialize({
    head: source.head(),
    slices: [],
    genesisBytes: bytes.length,
    genesisPart: bytes.subarray(offset, offset + SLICE_BYTES_MAX),
  });
}

function fitting(slices: Uint8Array[], bytesMax: number): Uint8Array[] {
  let total = 0;
  const count = slices.findIndex((slice) => (total += slice.length) > bytesMax);
  return count === -1 ? slices : slices.slice(0, count);
}

function decodeRequest(bytes: Uint8Array): ReplayRequest {
  try {
    return ReplayRequest.deserialize(bytes);
  } catch {
    throw malformed(`${bytes.length} bytes that are no ReplayRequest`);
  }
}

function malformed(what: string): MessagingError {
  return new MessagingError(
    { code: 'REPLAY_REQUEST' },
    `The request for replay cannot be answered: ${what}.`,
    'Send a ReplayRequest in SSZ: from (block number, 0 for genesis), limit, offset.',
  );
}
