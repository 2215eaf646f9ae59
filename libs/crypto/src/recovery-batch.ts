/** A signature whose signer is sought. Its values have been checked: r and s in range, s low (EIP-2). */
export interface RecoveryRecord {
  /** 32 bytes. */
  readonly signingHash: Uint8Array;
  /** r ‖ s, 64 bytes. */
  readonly signature: Uint8Array;
  readonly recoveryId: 0 | 1;
}

/** A record to the worker: signing hash (32), r ‖ s (64), recovery id (1). The same figures stand in recover.worker.js. */
const RECORD_BYTES = 97;
/** An answer: status (1 recovered, 0 no such key), address (20). */
const ANSWER_BYTES = 21;

/** One call of the pool: its records, and what is known of them so far. */
export interface RecoveryRequest {
  readonly records: readonly RecoveryRecord[];
  readonly addresses: (Uint8Array | null)[];
  /** Records that no worker has answered. */
  unanswered: number;
  /** The first record that stands in no batch. */
  next: number;
  readonly resolve: (addresses: (Uint8Array | null)[]) => void;
  readonly reject: (error: Error) => void;
}

/** The records of one request that travel in one batch. */
interface BatchPart {
  readonly request: RecoveryRequest;
  readonly from: number;
  readonly to: number;
}

/** What one message carries to a worker. */
export interface RecoveryBatch {
  readonly parts: readonly BatchPart[];
  readonly recordCount: number;
  /** Workers that crashed on it. */
  crashes: number;
}

/** Takes up to `recordsMax` records off the head of the queue; requests used up leave it. */
export function takeBatch(queue: RecoveryRequest[], recordsMax: number): RecoveryBatch {
  const parts: BatchPart[] = [];
  let recordCount = 0;
  let usedUp = 0;
  while (usedUp < queue.length && recordCount < recordsMax) {
    const request = queue[usedUp]!;
    const to = Math.min(request.records.length, request.next + recordsMax - recordCount);
    parts.push({ request, from: request.next, to });
    recordCount += to - request.next;
    request.next = to;
    if (to === request.records.length) usedUp++;
  }
  queue.splice(0, usedUp);
  return { parts, recordCount, crashes: 0 };
}

/** The batch as the worker reads it. */
export function encodeBatch({ parts, recordCount }: RecoveryBatch): ArrayBuffer {
  const bytes = new Uint8Array(recordCount * RECORD_BYTES);
  let offset = 0;
  for (const { request, from, to } of parts) {
    for (let index = from; index < to; index++, offset += RECORD_BYTES) {
      const { signingHash, signature, recoveryId } = request.records[index]!;
      bytes.set(signingHash, offset);
      bytes.set(signature, offset + 32);
      bytes[offset + 96] = recoveryId;
    }
  }
  return bytes.buffer;
}

/** Hands the worker's answers to the requests of the batch. */
export function applyAnswers({ parts }: RecoveryBatch, buffer: ArrayBuffer): void {
  const answers = new Uint8Array(buffer);
  let offset = 0;
  for (const { request, from, to } of parts) {
    for (let index = from; index < to; index++, offset += ANSWER_BYTES) {
      request.addresses[index] = answers[offset] === 1 ? answers.slice(offset + 1, offset + ANSWER_BYTES) : null;
    }
    request.unanswered -= to - from;
    if (request.unanswered === 0) request.resolve(request.addresses);
  }
}
