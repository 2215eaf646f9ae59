import type { LogReader } from '#libs/persistence';
import {
  bytesToHex,
  Decision,
  EIP712_TYPES,
  entryBody,
  type Intent,
  type Leg,
  LegAccount,
  LegDirection,
  OperationKind,
  Outcome,
  Prepare,
  Reason,
  type SignedVote,
  subjectAsset,
} from '#libs/protocol';
import type { OperationView } from '../rpc/rpc-backend.js';
import type { KnownOperation, OperationStatus } from './operation-desk.js';

/** Reads operations from the log. */
export class OperationQueries {
  constructor(private readonly reader: LogReader) {}

  /** The operation that used this signer's nonce, or null. */
  async bySignerNonce(signer: Uint8Array, nonce: bigint): Promise<KnownOperation | null> {
    const row = await this.reader.operationBySignerNonce(signer, nonce);
    if (!row) return null;
    const decision = await this.reader.decision(row.operationId);
    const { operationId, kind, intentBody } = row;
    return { operationId, kind, intentBody, status: statusOf(decision?.outcome) };
  }

  /** All that the log says of an operation, or null. */
  async view(id: Uint8Array): Promise<OperationView | null> {
    const row = await this.reader.operation(id);
    const prepareEntry = row && (await this.reader.entryById(row.prepareId));
    const block = row && (await this.reader.block(row.prepareBlock));
    if (!row || !prepareEntry || !block) return null;
    const prepare = Prepare.deserialize(entryBody(prepareEntry.bytes)) as Prepare;
    const decided = await this.reader.decision(id);
    const [decisionEntry] = decided ? await this.reader.entriesFrom(decided.sequence, 1) : [];
    const decision = decisionEntry && Decision.deserialize(entryBody(decisionEntry.bytes));
    return {
      id: bytesToHex(id),
      kind: OperationKind[row.kind] ?? 'unknown',
      status: statusOf(decided?.outcome),
      reason: reasonName(decided?.reason),
      intent: intentView(prepare.intent),
      legs: prepare.legs.map(legView),
      participants: prepare.participants,
      priceRound: prepare.priceRound.toString(),
      payout: prepare.payout.toString(),
      deadlineMs: prepare.deadlineMs,
      prepare: {
        block: row.prepareBlock,
        sequence: row.prepareSequence.toString(),
        timestamp: block.header.timestamp,
        id: bytesToHex(row.prepareId),
      },
      decision: decided
        ? {
            block: decided.blockNumber,
            sequence: decided.sequence.toString(),
            timestamp: decided.timestampMs,
            outcome: decided.outcome === Outcome.commit ? 'commit' : 'abort',
            reason: reasonName(decided.reason),
          }
        : null,
      votes: decision?.votes.map(voteView) ?? [],
    };
  }
}

const statusOf = (outcome: Outcome | undefined): OperationStatus =>
  outcome === undefined ? 'prepared' : outcome === Outcome.commit ? 'committed' : 'aborted';

const reasonName = (reason: Reason | undefined): string | null =>
  reason === undefined || reason === Reason.none ? null : (Reason[reason] ?? 'unknown');

/** An intent's fields by their EIP-712 names: bytes as hex, integers as decimal strings. */
function intentView({ selector, value }: Intent): Record<string, string> {
  const names = {
    [OperationKind.exercise]: 'ExerciseIntent',
    [OperationKind.write]: 'WriteIntent',
    [OperationKind.close]: 'CloseIntent',
  } as const;
  const fields: Record<string, Uint8Array | bigint> = { ...value };
  return Object.fromEntries(
    EIP712_TYPES[names[selector]].map(({ name }) => {
      const field = fields[name];
      return [name, field instanceof Uint8Array ? bytesToHex(field) : String(field)];
    }),
  );
}

function legView({
  chainId,
  direction,
  account,
  owner,
  subject,
  backer,
  amount,
}: Leg): Record<string, string | number> {
  const kind = LegAccount[account] ?? 'unknown';
  const asset = account === (LegAccount.balance as number);
  return {
    chainId,
    direction: direction === (LegDirection.hold as number) ? 'HOLD' : 'CREDIT',
    account: kind,
    owner: bytesToHex(owner),
    ...(asset
      ? { asset: bytesToHex(subjectAsset(subject)) }
      : { series: bytesToHex(subject), backer: bytesToHex(backer) }),
    amount: amount.toString(),
  };
}

const voteView = ({ vote, signature }: SignedVote): Record<string, unknown> => ({
  chainId: vote.chainId,
  yes: vote.yes,
  reason: reasonName(vote.reason),
  laneSequence: vote.laneSequence.toString(),
  sharedLaneSequence: vote.sharedLaneSequence.toString(),
  stateRoot: bytesToHex(vote.stateRoot),
  clock: vote.clock.map(({ chainId, laneSequence }) => ({ chainId, laneSequence: laneSequence.toString() })),
  signature: bytesToHex(signature),
});
