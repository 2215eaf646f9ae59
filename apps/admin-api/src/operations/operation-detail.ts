import type { z } from 'zod';
import {
  bytesToHex,
  LegAccount,
  LegDirection,
  OperationKind,
  Outcome,
  reasonSentence,
  type SignedVote,
} from '#libs/protocol';
import { toJson } from '../schema/to-json.js';
import type { ExecutorRecord } from './executor-record.js';
import type { LoggedOperation } from './operation-detail.service.js';
import { operationTimeline } from './operation-timeline.js';
import type { OperationDetail, OperationVote } from './operations.schema.js';
import { reasonName, statusName } from './operations.service.js';

/**
 * Puts together what log, executors and leader say of an operation.
 * @param records by chain id, of those executors that answered; unsigned
 * @param arrivals by chain id: when votes reached the leader, wall time in ms; unsigned
 */
export function operationDetail(
  logged: LoggedOperation,
  records: ReadonlyMap<number, ExecutorRecord>,
  arrivals: ReadonlyMap<number, number>,
): Omit<z.output<typeof OperationDetail>, 'missing'> {
  const { row, prepare, block, decision } = logged;
  const preparedAtMs = block.header.timestamp;
  const votes = voteViews(prepare.participants, decision?.votes ?? [], records, arrivals);
  return {
    id: bytesToHex(row.operationId),
    kind: OperationKind[row.kind],
    status: statusName(decision?.outcome ?? 0),
    reason: decision && reasonName(decision.reason),
    reasonSentence: decision && reasonName(decision.reason) !== null ? reasonSentence(decision.reason) : null,
    series: bytesToHex(row.series),
    signer: bytesToHex(row.signer),
    participants: prepare.participants,
    deadlineMs: prepare.deadlineMs,
    prepared: { block: row.prepareBlock, sequence: row.prepareSequence.toString(), timestampMs: preparedAtMs },
    decided: decision && {
      block: decision.blockNumber,
      sequence: decision.sequence.toString(),
      timestampMs: decision.timestampMs,
    },
    latencyMs: decision && decision.timestampMs - preparedAtMs,
    intent: Object.fromEntries(
      Object.entries(toJson(prepare.intent.value) as Record<string, unknown>).map(([name, value]) => [
        name,
        String(value),
      ]),
    ),
    signatures: prepare.signatures.map(bytesToHex),
    priceRound: prepare.priceRound.toString(),
    payout: prepare.payout.toString(),
    prepareId: bytesToHex(row.prepareId),
    prepareBlockHash: bytesToHex(block.hash),
    decision: decision && {
      id: bytesToHex(decision.id),
      outcome: decision.outcome === Outcome.commit ? 'commit' : 'abort',
      auditId: decision.auditId === 0n ? null : decision.auditId.toString(),
    },
    legs: legViews(logged, records),
    votes,
    timeline: operationTimeline(logged, votes, records),
  };
}

type LegView = z.output<typeof OperationDetail>['legs'][number];

/** An executor keeps its own rollup's legs in the order of PREPARE. */
function legViews({ prepare }: LoggedOperation, records: ReadonlyMap<number, ExecutorRecord>): LegView[] {
  const placeOf = new Map<number, number>();
  return prepare.legs.map((leg): LegView => {
    const place = placeOf.get(leg.chainId) ?? 0;
    placeOf.set(leg.chainId, place + 1);
    return {
      chainId: leg.chainId,
      direction: (leg.direction as LegDirection) === LegDirection.hold ? 'hold' : 'credit',
      account: LegAccount[leg.account]!,
      owner: bytesToHex(leg.owner),
      backer: bytesToHex(leg.backer),
      subject: bytesToHex(leg.subject),
      amount: leg.amount.toString(),
      changes:
        records.get(leg.chainId)?.legs[place]?.changes.map((change) => ({ ...change, isSigned: false as const })) ??
        null,
    };
  });
}

type VoteView = z.output<typeof OperationVote>;

function voteViews(
  participants: readonly number[],
  decided: readonly SignedVote[],
  records: ReadonlyMap<number, ExecutorRecord>,
  arrivals: ReadonlyMap<number, number>,
): VoteView[] {
  return participants.flatMap((chainId): VoteView[] => {
    const atMs = arrivals.get(chainId);
    const arrivedAt = atMs === undefined ? null : new Date(atMs).toISOString();
    const arrival = { arrivedAt, isArrivalSigned: false as const };
    const signed = decided.find(({ vote }) => vote.chainId === chainId);
    if (signed) {
      const { yes, reason, laneSequence, sharedLaneSequence, stateRoot, clock } = signed.vote;
      const view = toJson({ laneSequence, sharedLaneSequence, stateRoot, clock, signature: signed.signature });
      return [{ ...(view as VoteView), chainId, yes, reason: reasonName(reason), isInDecision: true, ...arrival }];
    }
    const sent = records.get(chainId)?.vote;
    return sent ? [{ ...sent, chainId, isInDecision: false, ...arrival }] : [];
  });
}
