import { Worker } from 'node:worker_threads';
import { CryptoError } from './error.js';
import { assertNativeSecp256k1 } from './native-secp256k1.js';
import {
  applyAnswers,
  encodeBatch,
  takeBatch,
  type RecoveryBatch,
  type RecoveryRecord,
  type RecoveryRequest,
} from './recovery-batch.js';

/** Records in one message at most: at 80 µs each a batch takes about 10 ms, which bounds how long others wait. */
const BATCH_RECORDS_MAX = 128;
/** Records for which a second message is worth its cost. */
const BATCH_RECORDS_MIN = 8;
/** Batches at one worker by default: while it works on one the next is at hand, so it does not wait for the main thread. */
const WORKER_BATCHES_MAX = 2;
/** Workers that may crash on one batch before it is given up. */
const BATCH_CRASHES_MAX = 2;

export interface SenderRecoveryPoolOptions {
  /** Worker threads; one core each. Default 2. */
  readonly workers?: number;
  /** Records accepted and not yet answered, at most. Default 16,384: about half a second of work for two workers. */
  readonly queueMax?: number;
  /**
   * Batches of 128 records at one worker at most. Default 2, which keeps what comes later from waiting long; more where
   * the main thread may be busy for longer than the 10 ms that a batch takes, and nobody waits for one record.
   */
  readonly workerBatchesMax?: number;
}

export interface SenderRecoveryPoolModules {
  /** Starts a worker; tests pass their own to get hold of it. */
  readonly createWorker?: () => Worker;
  /** Is told of each worker that crashed, with the reason. */
  readonly onWorkerCrash?: (cause: unknown) => void;
}

/** A place for a worker. */
interface Slot {
  worker: Worker | null;
  /** Batches that its worker has been sent, oldest first. */
  readonly inFlight: RecoveryBatch[];
}

/**
 * Recovers senders in worker threads: the most expensive step of admission by far (about 80 µs each).
 *
 * ```
 * request:  (queue full) ─► rejected RECOVERY_QUEUE_FULL
 *           queued ─► in batches ─► answered
 *                         └─ given up ─► rejected RECOVERY_WORKER_CRASHED
 * slot:     idle ─send─► busy (up to workerBatchesMax) ─answer─► busy or idle
 *             ▲            └─crash─► empty ─ next send starts a new worker ─► busy
 *             └──────────────────────────────────────────────────────── answered
 * pool:     open ─close()─► closed: everything pending is rejected RECOVERY_POOL_CLOSED, workers end
 * ```
 *
 * Requests of one turn of the event loop, and those made while all workers are busy, travel together. A crash counts
 * against the oldest batch at that worker; a batch is redone once. Slots that lost their worker start a new one only for
 * work, so workers that cannot start do not spin.
 */
export class SenderRecoveryPool {
  private readonly slots: Slot[];
  private readonly queueMax: number;
  private readonly workerBatchesMax: number;
  private readonly queue: RecoveryRequest[] = [];
  /** Batches of crashed workers, to be redone before anything else. */
  private readonly redo: RecoveryBatch[] = [];
  /** Requests neither answered nor rejected. */
  private readonly open = new Set<RecoveryRequest>();
  private recordsQueued = 0;
  private pending = 0;
  private dispatchScheduled = false;
  private closing: Promise<void> | null = null;

  /** @throws {CryptoError} `NATIVE_SECP256K1_MISSING`. */
  constructor(
    { workers = 2, queueMax = 16_384, workerBatchesMax = WORKER_BATCHES_MAX }: SenderRecoveryPoolOptions,
    private readonly modules: SenderRecoveryPoolModules,
  ) {
    assertNativeSecp256k1();
    if (!Number.isSafeInteger(workers) || workers < 1)
      throw new RangeError(`workers is ${workers}, expected 1 or more`);
    if (!Number.isSafeInteger(queueMax) || queueMax < 1)
      throw new RangeError(`queueMax is ${queueMax}, expected 1 or more`);
    if (!Number.isSafeInteger(workerBatchesMax) || workerBatchesMax < 1)
      throw new RangeError(`workerBatchesMax is ${workerBatchesMax}, expected 1 or more`);
    this.queueMax = queueMax;
    this.workerBatchesMax = workerBatchesMax;
    this.slots = Array.from({ length: workers }, () => ({ worker: null, inFlight: [] }));
    for (const slot of this.slots) this.startWorker(slot);
  }

  /** Records accepted and not yet answered. */
  get recordsPending(): number {
    return this.pending;
  }

  /** Whether a request of so many records would be taken now. */
  canAccept(records: number): boolean {
    return this.closing === null && this.pending + records <= this.queueMax;
  }

  /**
   * The addresses (20 bytes) that signed the records, in their order; null where a signature has no signer.
   * r and s in range and s low is for the caller to check, see `decodeTransaction`.
   *
   * @throws {CryptoError} `RECOVERY_QUEUE_FULL`, `RECOVERY_WORKER_CRASHED`, `RECOVERY_POOL_CLOSED`, as a rejection.
   */
  async recover(records: readonly RecoveryRecord[]): Promise<(Uint8Array | null)[]> {
    if (this.closing !== null) throw poolClosed();
    if (!this.canAccept(records.length)) throw queueFull(records.length, this.pending, this.queueMax);
    for (const record of records) assertRecord(record);
    if (records.length === 0) return [];
    return new Promise((resolve, reject) => {
      const addresses = new Array<Uint8Array | null>(records.length).fill(null);
      const request = { records, addresses, unanswered: records.length, next: 0, resolve, reject };
      this.open.add(request);
      this.queue.push(request);
      this.recordsQueued += records.length;
      this.pending += records.length;
      this.scheduleDispatch();
    });
  }

  /** Rejects what is pending and ends the workers. Resolves when none is left; safe to call again. */
  close(): Promise<void> {
    this.closing ??= this.terminateWorkers();
    return this.closing;
  }

  private async terminateWorkers(): Promise<void> {
    for (const request of this.open) request.reject(poolClosed());
    this.open.clear();
    this.queue.length = this.redo.length = this.recordsQueued = this.pending = 0;
    const workers = this.slots.flatMap(({ worker }) => worker ?? []);
    for (const slot of this.slots) slot.worker = null;
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  /** Once in a turn of the event loop, after the requests of all its sockets have been read. */
  private scheduleDispatch(): void {
    if (this.dispatchScheduled) return;
    this.dispatchScheduled = true;
    setImmediate(() => {
      this.dispatchScheduled = false;
      this.dispatch();
    });
  }

  private dispatch(): void {
    if (this.closing !== null) return;
    const fairShare = Math.ceil(this.recordsQueued / this.slots.length);
    const recordsMax = Math.min(BATCH_RECORDS_MAX, Math.max(BATCH_RECORDS_MIN, fairShare));
    while (this.redo.length > 0 || this.queue.length > 0) {
      const slot = this.leastBusySlot();
      if (slot.inFlight.length >= this.workerBatchesMax) return;
      const batch = this.redo.shift() ?? this.takeQueued(recordsMax);
      slot.inFlight.push(batch);
      const buffer = encodeBatch(batch);
      (slot.worker ?? this.startWorker(slot)).postMessage(buffer, [buffer]);
    }
  }

  private takeQueued(recordsMax: number): RecoveryBatch {
    const batch = takeBatch(this.queue, recordsMax);
    this.recordsQueued -= batch.recordCount;
    return batch;
  }

  private leastBusySlot(): Slot {
    return this.slots.reduce((least, slot) => (slot.inFlight.length < least.inFlight.length ? slot : least));
  }

  private startWorker(slot: Slot): Worker {
    const worker = this.modules.createWorker?.() ?? new Worker(new URL('./recover.worker.js', import.meta.url));
    slot.worker = worker;
    worker.on('message', (answers: ArrayBuffer) => this.onAnswers(slot, worker, answers));
    // An error is followed by an exit; whichever comes first finds the worker in its slot.
    worker.on('error', (error) => this.onWorkerCrash(slot, worker, error));
    worker.on('exit', (exitCode) => this.onWorkerCrash(slot, worker, new Error(`worker ended with code ${exitCode}`)));
    return worker;
  }

  private onAnswers(slot: Slot, worker: Worker, answers: ArrayBuffer): void {
    if (slot.worker !== worker) return;
    const batch = slot.inFlight.shift();
    if (batch === undefined) throw new Error('a recovery worker answered a batch that it was not sent');
    applyAnswers(batch, answers);
    this.pending -= batch.recordCount;
    for (const { request } of batch.parts) if (request.unanswered === 0) this.open.delete(request);
    this.dispatch();
  }

  private onWorkerCrash(slot: Slot, worker: Worker, cause: unknown): void {
    if (slot.worker !== worker) return;
    slot.worker = null;
    this.modules.onWorkerCrash?.(cause);
    const batches = slot.inFlight.splice(0);
    if (batches[0] !== undefined) batches[0].crashes++;
    for (const batch of batches) {
      if (batch.crashes < BATCH_CRASHES_MAX) this.redo.push(batch);
      else this.giveUp(batch, cause);
    }
    this.dispatch();
  }

  /** Rejects the requests that have a part in the batch. Their other parts are still answered, to nobody. */
  private giveUp(batch: RecoveryBatch, cause: unknown): void {
    this.pending -= batch.recordCount;
    for (const { request } of batch.parts) {
      this.open.delete(request);
      request.reject(workerCrashed(batch.recordCount, cause));
    }
  }
}

function assertRecord({ signingHash, signature, recoveryId }: RecoveryRecord): void {
  if (signingHash.length !== 32 || signature.length !== 64 || (recoveryId !== 0 && recoveryId !== 1)) {
    throw new RangeError(
      `expected a signing hash of 32 bytes, a signature of 64 and a recovery id 0 or 1, got ${signingHash.length}, ${signature.length}, ${String(recoveryId)}`,
    );
  }
}

function queueFull(records: number, recordsPending: number, recordsMax: number): CryptoError {
  return new CryptoError(
    { code: 'RECOVERY_QUEUE_FULL', records, recordsPending, recordsMax },
    `sender recovery has ${recordsPending} of at most ${recordsMax} signatures waiting and cannot take ${records} more`,
    'Send again later, or in smaller batches.',
  );
}

function workerCrashed(records: number, cause: unknown): CryptoError {
  return new CryptoError(
    { code: 'RECOVERY_WORKER_CRASHED', records },
    `${BATCH_CRASHES_MAX} sender recovery workers crashed on a batch of ${records} signatures`,
    'Send again; if it persists, look for the reason in the log of the worker crash.',
    { cause },
  );
}

function poolClosed(): CryptoError {
  return new CryptoError(
    { code: 'RECOVERY_POOL_CLOSED' },
    'sender recovery is closed: this process is shutting down',
    'Send again to another process or after the restart.',
  );
}
