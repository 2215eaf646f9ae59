import type { z } from 'zod';
import { Outcome } from '#libs/protocol';
import type { ExecutorRecord } from './executor-record.js';
import type { LoggedOperation } from './operation-detail.service.js';
import { OperationStep, type OperationVote } from './operations.schema.js';
import { reasonName } from './operations.service.js';

type Step = z.output<typeof OperationStep>;
const stepName = OperationStep.shape.step;

/**
 * The steps of an operation in their order: by block, within a block first what executors did at PREPARE, then votes,
 * then the decision and what executors made of it. Votes stand in no block: they stand between PREPARE and DECISION.
 */
export function operationTimeline(
  { row, block, decision }: LoggedOperation,
  votes: readonly z.output<typeof OperationVote>[],
  records: ReadonlyMap<number, ExecutorRecord>,
): Step[] {
  const preparedAtMs = block.header.timestamp;
  const none = { chainId: null, block: null, sequence: null, timestampMs: null, arrivedAt: null, reason: null };
  const prepared: Step = {
    ...none,
    step: 'prepared',
    block: row.prepareBlock,
    sequence: row.prepareSequence.toString(),
    timestampMs: preparedAtMs,
    sincePreparedMs: 0,
    outcome: null,
    isSigned: true,
  };
  const voted = votes.map(({ chainId, yes, reason, arrivedAt }): Step => {
    const sincePreparedMs = arrivedAt === null ? null : Date.parse(arrivedAt) - preparedAtMs;
    return {
      ...none,
      step: 'vote',
      chainId,
      arrivedAt,
      sincePreparedMs,
      outcome: yes ? 'yes' : 'no',
      reason,
      isSigned: true,
    };
  });
  const decided: Step[] = decision
    ? [
        {
          ...none,
          step: 'decided',
          block: decision.blockNumber,
          sequence: decision.sequence.toString(),
          timestampMs: decision.timestampMs,
          sincePreparedMs: decision.timestampMs - preparedAtMs,
          outcome: decision.outcome === Outcome.commit ? 'commit' : 'abort',
          reason: reasonName(decision.reason),
          isSigned: true,
        },
      ]
    : [];
  const executed = [...records].flatMap(([chainId, { steps }]) =>
    steps.flatMap(({ step, block: number, timestampMs, sequence, reason }): Step[] => {
      const name = stepName.safeParse(step);
      const sincePreparedMs = timestampMs - preparedAtMs;
      const at = { chainId, block: number, sequence, timestampMs, sincePreparedMs, reason };
      return name.success ? [{ ...none, ...at, step: name.data, outcome: null, isSigned: false }] : [];
    }),
  );
  const untilDecided = executed.filter(({ step }) => RESERVING.has(step));
  const afterwards = executed.filter(({ step }) => !RESERVING.has(step));
  return [prepared, ...untilDecided, ...voted, ...decided, ...afterwards];
}

/** What an executor does on PREPARE. */
const RESERVING = new Set(['held', 'refused', 'observed']);
