import { z } from 'zod';
import { LegAccount, OperationKind, Reason } from '#libs/protocol';
import { missing } from '../schema/missing.js';
import { pageOf, pageQuery } from '../schema/page.js';
import {
  address,
  blockNumber,
  chainId,
  count,
  decimal,
  hash,
  logTime,
  signature,
  wallTime,
} from '../schema/scalars.js';

const names = (enumeration: object): string[] => Object.keys(enumeration).filter((key) => Number.isNaN(Number(key)));

export const operationKind = z.enum(names(OperationKind)).describe('What the operation does.');
export const operationStatus = z
  .enum(['prepared', 'committed', 'aborted'])
  .describe('`prepared`: PREPARE is in the log, a decision is not.');
export const reason = z
  .enum(names(Reason).filter((name) => name !== 'none'))
  .describe('Why it was aborted, or why a participant refused; docs/protocol.md has a sentence for each.');

const place = {
  block: blockNumber,
  sequence: decimal,
  timestampMs: logTime,
};

const fields = {
  id: hash.describe("The EIP-712 digest of the intent: the operation's name everywhere."),
  kind: operationKind,
  status: operationStatus,
  reason: reason.nullable(),
  series: hash,
  signer: address.describe('The first signer, whose nonce it uses.'),
  participants: z.array(chainId).describe('Chain ids, ascending.'),
  deadlineMs: logTime,
  prepared: z.object(place).describe('PREPARE in the log.'),
  decided: z.object(place).nullable().describe('DECISION in the log.'),
  latencyMs: count.nullable().describe('Log time from PREPARE to DECISION, in ms.'),
};

export const Operation = z.object(fields).meta({ id: 'Operation', description: 'A change across rollups.' });
export const OperationPage = pageOf(Operation, 'OperationPage');

/** Marks what an executor or the leader says and nothing proves. */
const unsigned = z.literal(false).describe('Nothing proves it: somebody says so.');

const Amounts = z
  .object({ available: decimal, held: decimal })
  .meta({ id: 'Amounts', description: 'Of one holding, in base units.' });

export const OperationLeg = z
  .object({
    chainId,
    direction: z.enum(['hold', 'credit']),
    account: z.enum(names(LegAccount)),
    owner: address,
    backer: address.describe('Of positions, exposure and collateral; else zero.'),
    subject: hash.describe('The asset, right-aligned in 32 bytes, of a balance; else the series.'),
    amount: decimal,
    changes: z
      .array(z.object({ step: z.string(), before: Amounts, after: Amounts, isSigned: unsigned }))
      .nullable()
      .describe(
        "Unsigned: what each step made of the holding, as the rollup's executor keeps it; null: it did not say.",
      ),
  })
  .meta({
    id: 'OperationLeg',
    description: "One participant's part. HOLD is reserved at PREPARE, CREDIT lands at COMMIT.",
  });

export const OperationVote = z
  .object({
    chainId,
    yes: z.boolean(),
    reason: reason.nullable(),
    laneSequence: decimal,
    sharedLaneSequence: decimal,
    stateRoot: hash,
    clock: z.array(z.object({ chainId, laneSequence: decimal })),
    signature: signature.nullable(),
    isInDecision: z.boolean().describe('Whether DECISION carries it. If not, it is what the executor says it sent.'),
    arrivedAt: wallTime
      .nullable()
      .describe('Unsigned: when it reached the leader, by its clock; null: not known any more.'),
    isArrivalSigned: unsigned,
  })
  .meta({ id: 'OperationVote', description: "A participant's signed answer to PREPARE." });

export const OperationStep = z
  .object({
    step: z.enum([
      'prepared',
      'vote',
      'decided',
      'held',
      'refused',
      'observed',
      'expired',
      'posted',
      'voided',
      'recorded',
    ]),
    chainId: chainId.nullable().describe('Whose step it is; null: the log’s.'),
    block: blockNumber.nullable(),
    sequence: decimal.nullable(),
    timestampMs: logTime.nullable().describe("Log time of the step's block."),
    arrivedAt: wallTime
      .nullable()
      .describe('Of votes: when they reached the leader; unsigned, whatever `isSigned` says.'),
    sincePreparedMs: z.int().nullable().describe('Log time since PREPARE, in ms; of votes the leader’s clock.'),
    outcome: z.string().nullable().describe('yes, no, commit or abort.'),
    reason: reason.nullable(),
    isSigned: z
      .boolean()
      .describe('Whether the log or a signature proves it. If not, it is what an executor or the leader says.'),
  })
  .meta({ id: 'OperationStep', description: 'One step of an operation.' });

export const OperationDetail = z
  .object({
    ...fields,
    reasonSentence: z.string().nullable(),
    intent: z
      .record(z.string(), z.string())
      .describe('The signed fields: bytes as 0x hex, integers as decimal strings.'),
    signatures: z.array(signature),
    priceRound: decimal,
    payout: decimal,
    prepareId: hash,
    prepareBlockHash: hash,
    decision: z.object({ id: hash, outcome: z.enum(['commit', 'abort']), auditId: decimal.nullable() }).nullable(),
    legs: z.array(OperationLeg),
    votes: z.array(OperationVote),
    timeline: z.array(OperationStep).describe('All steps in their order, as far as they are known.'),
    missing,
  })
  .meta({ id: 'OperationDetail', description: 'An operation with its legs, votes and timeline.' });

export const OperationsQuery = z.strictObject({
  ...pageQuery,
  kind: operationKind.optional(),
  status: operationStatus.optional(),
  series: hash.optional(),
  account: address.optional().describe('Operations that this account signs or whose legs concern it.'),
  reason: reason.optional(),
});
