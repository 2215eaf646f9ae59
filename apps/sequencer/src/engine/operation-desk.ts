import type { RecoverAddress } from '#libs/atomic-commit';
import { checkIntentSignatures, indexRegistry } from '#libs/options';
import {
  bytesToHex,
  equalBytes,
  firstSigner,
  type Intent,
  Intent as IntentType,
  intentDigest,
  type OperationKind,
  Reason,
  type Registry,
} from '#libs/protocol';
import type { SequencerMetrics } from '#libs/runtime';
import { countSubmission } from '../metrics/count-submission.js';
import type { IntakeQueue } from './intake-queue.js';
import { PrepareCandidate, refusedFor } from './prepare-candidate.js';
import { RateLimit } from './rate-limit.js';
import { type FaultLog, SubmissionError, toSubmissionError } from './submission-error.js';

export type OperationStatus = 'prepared' | 'committed' | 'aborted';

/** The answer to a submission: the operation's id and where it stands. */
export interface OperationReceipt {
  id: Uint8Array;
  status: OperationStatus;
}

export interface KnownOperation {
  operationId: Uint8Array;
  kind: OperationKind;
  /** SSZ of the intent. */
  intentBody: Uint8Array;
  status: OperationStatus;
}

export interface OperationDeskOptions {
  prepareMsMax: number;
  /** Operations that may be undecided at a time. */
  undecidedMax: number;
  /** Operations a second of one signer, and of one series. */
  signerPerSecond: number;
  seriesPerSecond: number;
}

export interface OperationDeskModules {
  logId: Uint8Array;
  queue: IntakeQueue;
  recover: RecoverAddress;
  /** In force in the next block. @throws SubmissionError while this node does not lead */
  registry: () => Registry;
  /** Whether an operator has drained the intake: an operation that is known is still answered. */
  isDraining: () => boolean;
  /** The operation in the log that used this signer's nonce, or null. */
  findBySignerNonce: (signer: Uint8Array, nonce: bigint) => Promise<KnownOperation | null>;
  /** Participants whose executors stated differing roots of one height. */
  disputedAmong: (participants: readonly number[]) => number[];
  /** Participants that have been silent for too long. */
  silentAmong: (participants: readonly number[]) => number[];
  monotonicMs: () => number;
  logger: FaultLog;
  metrics?: SequencerMetrics;
}

interface OpenOperation {
  operationId: Uint8Array;
  intent: Intent;
  receipt: Promise<OperationReceipt>;
}

/**
 * Admits intents. The operation's id is the intent's digest; (signer, nonce) is used once, for ever: the same digest
 * again gives the existing operation, another is an error that names the field that differs. An intent that is refused
 * before PREPARE uses no nonce (design, section 7.1).
 */
export class OperationDesk {
  /** Submissions not yet answered, by signer and nonce. */
  private readonly open = new Map<string, OpenOperation>();
  private readonly signerRate: RateLimit;
  /** How many terms have ended. */
  private resets = 0;
  private readonly seriesRate: RateLimit;

  constructor(
    private readonly options: OperationDeskOptions,
    private readonly modules: OperationDeskModules,
  ) {
    this.signerRate = new RateLimit(options.signerPerSecond, options.signerPerSecond);
    this.seriesRate = new RateLimit(options.seriesPerSecond, options.seriesPerSecond);
  }

  /**
   * Submits an intent; resolves once its PREPARE is durable, or with the operation it already is.
   * @throws SubmissionError
   */
  submit(intent: Intent, signatures: Uint8Array[]): Promise<OperationReceipt> {
    return countSubmission(this.modules.metrics, 'operation', () => this.admit(intent, signatures));
  }

  private async admit(intent: Intent, signatures: Uint8Array[]): Promise<OperationReceipt> {
    const { logId, registry, recover } = this.modules;
    const series = indexRegistry(registry()).series(intent.value.series);
    if (!series) throw refusedFor(Reason.unknown_series, 'series');
    const operationId = intentDigest(logId, series.terms.positionChainId, intent);
    const field = checkIntentSignatures(intent, signatures, registry(), logId, recover, operationId);
    if (field) {
      throw SubmissionError.of('INVALID_SIGNATURE', `invalid signature: ${field} did not sign this intent`, { field });
    }
    const key = `${bytesToHex(firstSigner(intent))}:${intent.value.nonce}`;
    const other = this.open.get(key);
    if (other) {
      if (equalBytes(other.operationId, operationId)) return other.receipt;
      throw nonceUsed(intent, other.intent, other.operationId);
    }
    const receipt = this.prepare(operationId, intent, signatures);
    this.open.set(key, { operationId, intent, receipt });
    const close = (): boolean => this.open.delete(key);
    void receipt.then(close, close);
    return receipt;
  }

  /** The term is over: what a look-up said of the log is not to be trusted in the next one. */
  reset(): void {
    this.resets += 1;
  }

  private async prepare(operationId: Uint8Array, intent: Intent, signatures: Uint8Array[]): Promise<OperationReceipt> {
    const { resets } = this;
    const known = await this.modules.findBySignerNonce(firstSigner(intent), intent.value.nonce);
    if (known) {
      if (equalBytes(known.operationId, operationId)) return { id: operationId, status: known.status };
      throw nonceUsed(intent, IntentType.deserialize(known.intentBody) as Intent, known.operationId);
    }
    // The look-up took time. Whoever does not lead any more has a queue that nobody empties; whoever leads again may
    // have been told of a log to which another leader has added this very operation.
    if (resets !== this.resets) throw SubmissionError.notLeading();
    this.modules.registry();
    if (this.modules.isDraining()) throw SubmissionError.drained();
    this.chargeRates(intent);
    return new Promise((resolve, reject) => {
      const candidate = new PrepareCandidate(
        {
          operationId,
          intent,
          signatures,
          prepareMsMax: this.options.prepareMsMax,
          undecidedMax: this.options.undecidedMax,
          assertHeard: (participants) => this.assertHeard(participants),
        },
        { resolve: () => resolve({ id: operationId, status: 'prepared' }), reject },
      );
      try {
        this.modules.queue.push(candidate);
      } catch (thrown) {
        reject(toSubmissionError(thrown, this.modules.logger));
      }
    });
  }

  private chargeRates(intent: Intent): void {
    const nowMs = this.modules.monotonicMs();
    if (!this.signerRate.take(bytesToHex(firstSigner(intent)), nowMs)) {
      this.modules.metrics?.rateLimited.inc({ limit: 'signer' });
      throw SubmissionError.busy(`a signer may submit ${this.options.signerPerSecond} operations a second`);
    }
    if (!this.seriesRate.take(bytesToHex(intent.value.series), nowMs)) {
      this.modules.metrics?.rateLimited.inc({ limit: 'series' });
      throw SubmissionError.busy(`a series takes ${this.options.seriesPerSecond} operations a second`);
    }
  }

  private assertHeard(participants: readonly number[]): void {
    if (this.modules.disputedAmong(participants).length > 0) throw refusedFor(Reason.quarantined);
    const silent = this.modules.silentAmong(participants);
    if (silent.length > 0) {
      throw SubmissionError.of(
        'EXECUTOR_SILENT',
        `the executor of rollup ${silent.join(', ')} has not been heard of; the operation could only expire`,
      );
    }
  }
}

function nonceUsed(intent: Intent, other: Intent, otherId: Uint8Array): SubmissionError {
  const field = firstDifference(intent, other);
  return SubmissionError.of(
    'NONCE_USED',
    `nonce ${intent.value.nonce} of this signer is used by operation ${bytesToHex(otherId)}, which differs in ${field}`,
    { field, id: bytesToHex(otherId) },
  );
}

function firstDifference(a: Intent, b: Intent): string {
  if (a.selector !== b.selector) return 'kind';
  const theirs: Record<string, unknown> = { ...b.value };
  for (const [name, value] of Object.entries<Uint8Array | bigint>({ ...a.value })) {
    const other = theirs[name];
    const same = value instanceof Uint8Array ? equalBytes(value, other as Uint8Array) : value === other;
    if (!same) return name;
  }
  return 'series';
}
