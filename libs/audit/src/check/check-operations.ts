import { checkDecision, CommitProtocolError, type PreparedOperation } from '#libs/atomic-commit';
import {
  checkIntentSignatures,
  indexRegistry,
  isSamePlan,
  type Plan,
  planOperation,
  type PlanRefusal,
  type Prices,
} from '#libs/options';
import {
  bigIntToBytesBE,
  bytesToHex,
  Decision,
  entryBody,
  equalBytes,
  findRollup,
  firstSigner,
  type Hex,
  intentDigest,
  keccak256Concat,
  OperationKind,
  Prepare,
  Reason,
} from '#libs/protocol';
import type { AuditedBlock, AuditedEntry } from '../source/audit-source.js';
import type { AuditState } from './audit-state.js';
import { DigestSet } from './digest-set.js';

/** How long after its deadline an operation may stay undecided, log time in ms. */
const DECIDED_WITHIN_MS = 2_000;
/** A voting key that signs nothing, for a participant that the registry does not know. */
const NO_KEY = new Uint8Array(20);

interface Undecided {
  operation: PreparedOperation;
  entry: AuditedEntry;
  block: number;
  /** Log time of the first block after the deadline; 0 before it. */
  firstAfterMs: number;
}

/** PREPAREs and DECISIONs: I16, I17, I23, I24, I26, I32, and that each follows from a signed intent (I8). */
export class OperationsCheck {
  prepared = 0;
  decided = 0;
  private readonly known = new DigestSet();
  private readonly nonces = new DigestSet();
  private readonly undecided = new Map<Hex, Undecided>();
  private timestampMs = 0;

  constructor(
    private readonly state: AuditState,
    private readonly prices: Prices,
  ) {}

  /** A block begins. */
  begin({ header }: AuditedBlock): void {
    this.timestampMs = header.timestamp;
    for (const waiting of this.undecided.values()) {
      if (waiting.firstAfterMs === 0 && waiting.operation.deadlineMs < header.timestamp) {
        waiting.firstAfterMs = header.timestamp;
      }
    }
  }

  prepare(block: AuditedBlock, hash: Uint8Array, entry: AuditedEntry, id: Uint8Array): void {
    const { problems, registry } = this.state;
    const prepare = Prepare.deserialize(entryBody(entry.bytes)) as Prepare;
    const { operationId, intent, participants, deadlineMs } = prepare;
    const shown = bytesToHex(operationId);
    this.prepared += 1;
    if (!this.known.add(operationId)) {
      problems.add('I16 PREPARE_REPEATED', block.number, `operation ${shown} is prepared again`, entry);
    } else if (!this.nonces.add(nonceKey(prepare))) {
      const message = `operation ${shown} uses nonce ${intent.value.nonce} of ${bytesToHex(firstSigner(intent))} again`;
      problems.add('I16 OPERATION_NONCE', block.number, message, entry);
    }
    const operation: PreparedOperation = {
      operationId,
      prepareId: id,
      prepareBlockHash: hash,
      deadlineMs,
      participants: participants.map((chainId) => {
        return { chainId, votingKey: findRollup(registry, chainId)?.votingKey ?? NO_KEY };
      }),
    };
    this.undecided.set(shown, { operation, entry, block: block.number, firstAfterMs: 0 });
    if (this.state.audits) this.checkIntent(block, entry, prepare);
  }

  decision(block: AuditedBlock, entry: AuditedEntry): Decision {
    const { problems, logId, recover } = this.state;
    const decision = Decision.deserialize(entryBody(entry.bytes));
    const shown = bytesToHex(decision.operationId);
    const waiting = this.undecided.get(shown);
    this.decided += 1;
    if (!waiting) {
      const repeated = !this.known.add(decision.operationId);
      if (repeated) problems.add('I16 DECISION_REPEATED', block.number, `operation ${shown} is decided again`, entry);
      else problems.add('I16 DECISION_WITHOUT_PREPARE', block.number, `operation ${shown} was never prepared`, entry);
      return decision;
    }
    this.undecided.delete(shown);
    this.checkInTime(shown, waiting, block.number);
    if (!this.state.audits) return decision;
    try {
      checkDecision(waiting.operation, decision, { timestampMs: block.header.timestamp, logId, recover });
    } catch (error) {
      if (!(error instanceof CommitProtocolError)) throw error;
      problems.add(ruleOf(error), block.number, error.message, entry);
    }
    return decision;
  }

  /** The log ends. */
  end(blockNumber: number): void {
    for (const [shown, waiting] of this.undecided) this.checkInTime(shown, waiting, blockNumber);
  }

  private checkInTime(shown: Hex, { operation, entry, firstAfterMs }: Undecided, blockNumber: number): void {
    const latestMs = Math.max(operation.deadlineMs + DECIDED_WITHIN_MS, firstAfterMs);
    if (this.timestampMs <= latestMs) return;
    const message = `operation ${shown} was undecided at ${this.timestampMs}; its deadline was ${operation.deadlineMs}`;
    this.state.problems.add('I26 OPERATION_OVERDUE', blockNumber, message, entry);
  }

  private checkIntent({ number, header }: AuditedBlock, entry: AuditedEntry, prepare: Prepare): void {
    const { problems, registry, logId, recover, genesis } = this.state;
    const { intent, signatures, operationId } = prepare;
    const what = `operation ${bytesToHex(operationId)}`;
    const series = indexRegistry(registry).series(intent.value.series);
    if (!series) {
      problems.add('I8 UNKNOWN_SERIES', number, `${what} is of series ${bytesToHex(intent.value.series)}`, entry);
      return;
    }
    const digest = intentDigest(logId, series.terms.positionChainId, intent);
    if (!equalBytes(digest, operationId)) {
      problems.add('I8 OPERATION_ID', number, `${what} carries the intent ${bytesToHex(digest)}`, entry);
    }
    const field = checkIntentSignatures(intent, signatures, registry, logId, recover);
    if (field) problems.add('I8 INTENT_SIGNATURE', number, `${what} is not signed by its ${field}`, entry);
    const plan = planOperation({
      intent,
      registry,
      prices: this.prices,
      timestampMs: header.timestamp,
      prepareMsMax: genesis.prepareMsMax,
    });
    const fault = planFault(plan, prepare);
    if (fault) problems.add(fault.rule, number, `${what} ${fault.message}`, entry);
  }
}

function planFault(
  plan: Plan | PlanRefusal,
  prepare: Prepare,
): { rule: `I${number} ${string}`; message: string } | null {
  if (plan.ok) {
    if (isSamePlan(plan, prepare)) return null;
    if (plan.deadlineMs !== prepare.deadlineMs) {
      return { rule: 'I7 DEADLINE', message: `has deadline ${prepare.deadlineMs}, log time gives ${plan.deadlineMs}` };
    }
    return { rule: 'I8 PLAN', message: 'has legs, participants or a payout that do not follow from its intent' };
  }
  const isLate = plan.reason === Reason.outside_exercise_window && prepare.intent.selector === OperationKind.exercise;
  const message = `could not be prepared there: ${Reason[plan.reason]}`;
  return { rule: isLate ? 'I23 EXERCISE_WINDOW' : 'I8 PLAN', message };
}

/** Which invariant a decision breaks: votes that do not count are I24, those of a wrong key I32, a repeated one I16. */
function ruleOf({ type }: CommitProtocolError): `I${number} ${string}` {
  if (type.code !== 'DECISION_BAD_VOTE') return `I17 ${type.code}`;
  switch (type.fault) {
    case 'wrong_key':
      return 'I32 VOTE_KEY';
    case 'repeated':
      return 'I16 VOTE_REPEATED';
    default:
      return 'I24 VOTE';
  }
}

const nonceKey = ({ intent }: Prepare): Uint8Array =>
  keccak256Concat(firstSigner(intent), bigIntToBytesBE(intent.value.nonce, 32));
