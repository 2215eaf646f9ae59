import type { Head } from '#libs/persistence';
import {
  blockHash,
  bytesToHex,
  type Decision,
  decodeDecision,
  decodePrepare,
  EntryKind,
  equalBytes,
  OperationKind,
  Outcome,
  type Prepare,
  Reason,
  SHARED_LANE,
} from '#libs/protocol';
import type { KeptBlock } from '../world/log-store.js';
import type { Topology } from '../world/topology.js';
import { mustHold } from './violation.js';

/** What the checks know of an operation in the log: a model of the two-phase commit that shares no code with it. */
export interface ModelOperation {
  id: string;
  prepareId: Uint8Array;
  prepareBlockHash: Uint8Array;
  kind: OperationKind;
  participants: number[];
  deadlineMs: number;
  preparedAtMs: number;
  prepareSequence: bigint;
  /** Null while undecided. */
  decision: { outcome: Outcome; reason: Reason; atMs: number } | null;
}

/** Checks each block as it becomes durable, by nothing but what is written in the blocks before it. */
export class LogChecks {
  /** By id, as hex. */
  readonly operations = new Map<string, ModelOperation>();
  /** Sequence of each transaction by hash, as hex. */
  readonly transactions = new Map<string, bigint>();
  private number = 0;
  private hash: Uint8Array;
  private epoch = 0;
  private timestampMs: number;
  private nextSequence = 1n;
  private readonly laneSequences = new Map<number, bigint>();
  private readonly nonces = new Map<string, bigint>();
  private readonly signerNonces = new Set<string>();
  private readonly leaders = new Map<number, string>();

  constructor(
    logId: Uint8Array,
    private readonly topology: Topology,
  ) {
    this.hash = logId;
    this.timestampMs = topology.genesis.startTimeMs;
  }

  /** A block has become durable while the head was `before`. */
  appended(block: KeptBlock, before: Head): void {
    const { header, hash, entries } = block;
    const { number, epoch, timestamp } = header;
    mustHold(number === this.number + 1, 'I6', () => `block ${number} after block ${this.number}`);
    mustHold(equalBytes(header.parentHash, this.hash), 'I2', () => `block ${number} has another parent`);
    mustHold(equalBytes(hash, blockHash(header)), 'I2', () => `block ${number} has another hash`);
    mustHold(epoch >= this.epoch && epoch >= before.epoch, 'I3', () => {
      return `block ${number} is of epoch ${epoch} after ${Math.max(this.epoch, before.epoch)}`;
    });
    const leader = bytesToHex(header.leader);
    const known = this.leaders.get(epoch);
    mustHold(known === undefined || known === leader, 'I3', () => `epoch ${epoch} has two leaders`);
    this.leaders.set(epoch, leader);
    mustHold(timestamp >= this.timestampMs, 'I7', () => `log time ${timestamp} after ${this.timestampMs}`);
    mustHold(
      header.firstSequence === this.nextSequence,
      'I1',
      () => `block ${number} begins at ${header.firstSequence}`,
    );
    mustHold(header.entryCount === entries.length, 'I1', () => `block ${number} miscounts its entries`);
    for (const entry of entries) this.entry(block, entry);
    this.number = number;
    this.hash = hash;
    this.epoch = epoch;
    this.timestampMs = timestamp;
  }

  undecidedCount = 0;

  get undecided(): ModelOperation[] {
    return [...this.operations.values()].filter(({ decision }) => decision === null);
  }

  private entry(
    block: KeptBlock,
    { sequence, lane, laneSequence, kind, id, sender, nonce, bytes }: KeptBlock['entries'][number],
  ): void {
    mustHold(sequence === this.nextSequence, 'I1', () => `sequence ${sequence} in the place of ${this.nextSequence}`);
    this.nextSequence += 1n;
    const expected = (this.laneSequences.get(lane) ?? 0n) + 1n;
    mustHold(
      laneSequence === expected,
      'I1',
      () => `lane ${lane}: sequence ${laneSequence} in the place of ${expected}`,
    );
    this.laneSequences.set(lane, laneSequence);
    if (kind === EntryKind.TRANSACTION) {
      const account = `${lane}:${bytesToHex(sender!)}`;
      const next = this.nonces.get(account) ?? 0n;
      mustHold(nonce === next, 'I5', () => `${account} sends nonce ${nonce} in the place of ${next}`);
      this.nonces.set(account, next + 1n);
      const hash = bytesToHex(id);
      mustHold(!this.transactions.has(hash), 'I9', () => `transaction ${hash} stands in the log twice`);
      this.transactions.set(hash, sequence);
      return;
    }
    mustHold(lane === SHARED_LANE, 'I12', () => `an entry of kind ${kind} stands in lane ${lane}`);
    if (kind === EntryKind.PREPARE) this.prepared(block, decodePrepare(bytes), id, sequence);
    if (kind === EntryKind.DECISION) this.decided(block, decodeDecision(bytes));
  }

  private prepared({ header, hash }: KeptBlock, prepare: Prepare, prepareId: Uint8Array, sequence: bigint): void {
    const id = bytesToHex(prepare.operationId);
    const { intent, participants, deadlineMs } = prepare;
    const { timestamp } = header;
    mustHold(!this.operations.has(id), 'I16', () => `operation ${id} is prepared twice`);
    const signer = intent.selector === OperationKind.write ? intent.value.writer : intent.value.holder;
    const key = `${bytesToHex(signer)}:${intent.value.nonce}`;
    mustHold(!this.signerNonces.has(key), 'I16', () => `nonce ${key} is used by two operations`);
    this.signerNonces.add(key);
    const latest = Math.min(Number(intent.value.deadlineMs), timestamp + this.topology.genesis.prepareMsMax);
    mustHold(
      deadlineMs === latest && deadlineMs >= timestamp,
      'I7',
      () => `operation ${id} has deadline ${deadlineMs}`,
    );
    if (intent.selector === OperationKind.exercise) this.assertInWindow(prepare, timestamp);
    this.undecidedCount += 1;
    this.operations.set(id, {
      id,
      prepareId,
      prepareBlockHash: hash,
      kind: intent.selector,
      participants,
      deadlineMs,
      preparedAtMs: timestamp,
      prepareSequence: sequence,
      decision: null,
    });
  }

  private assertInWindow({ intent }: Prepare, timestampMs: number): void {
    const { isEuropean, expiryMs, exerciseWindowMs } =
      this.topology.series[this.topology.seriesAt(intent.value.series)]!;
    const [from, to] = isEuropean ? [expiryMs, expiryMs + exerciseWindowMs] : [0, expiryMs];
    mustHold(timestampMs >= from && timestampMs <= to, 'I23', () => `an exercise is prepared at ${timestampMs}`);
  }

  private decided({ header }: KeptBlock, { operationId, prepareId, outcome, reason, votes, auditId }: Decision): void {
    const id = bytesToHex(operationId);
    const operation = this.operations.get(id);
    mustHold(operation !== undefined, 'I16', () => `operation ${id} is decided and was never prepared`);
    mustHold(operation.decision === null, 'I16', () => `operation ${id} is decided twice`);
    mustHold(equalBytes(prepareId, operation.prepareId), 'I24', () => `operation ${id}: another prepare is decided`);
    const voters = votes.map(({ vote }) => vote.chainId);
    mustHold(new Set(voters).size === voters.length, 'I16', () => `operation ${id}: a vote is counted twice`);
    for (const { vote } of votes) {
      const fits =
        equalBytes(vote.prepareBlockHash, operation.prepareBlockHash) &&
        equalBytes(vote.operationId, operationId) &&
        operation.participants.includes(vote.chainId);
      mustHold(fits, 'I24', () => `operation ${id}: the vote of ${vote.chainId} is for something else`);
    }
    const isLate = header.timestamp > operation.deadlineMs;
    const yes = votes.filter(({ vote }) => vote.yes).length;
    const isCommit = outcome === (Outcome.commit as number);
    if (isCommit) {
      mustHold(yes === operation.participants.length, 'I17', () => `operation ${id} commits with ${yes} yes`);
      mustHold(!isLate, 'I17', () => `operation ${id} commits after its deadline`);
    } else {
      const isRefused = votes.some(({ vote }) => !vote.yes && vote.reason === reason);
      const isOperators = reason === (Reason.operator_abort as number) && auditId > 0n;
      mustHold(isRefused || isOperators || (isLate && reason === (Reason.expired as number)), 'I17', () => {
        return `operation ${id} aborts for ${Reason[reason]} without a cause`;
      });
    }
    this.undecidedCount -= 1;
    operation.decision = { outcome, reason, atMs: header.timestamp };
  }
}
