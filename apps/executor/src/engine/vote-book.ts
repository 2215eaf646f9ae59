import { type PendingVote, signVote, type VerifiedBlock } from '#libs/executor-sdk';
import type { BlockResult, VoteDraft } from '#libs/options';
import { bytesToHex, decodePrepare, EntryKind, equalBytes, type Vote } from '#libs/protocol';
import type { KeyRing } from './key-ring.js';

/** What a block means for votes: new ones to store and send, and operations that need none any more. */
export interface VoteChanges {
  votes: PendingVote[];
  /** All that were signed, those included that the same block settled. */
  signed: PendingVote[];
  settled: Uint8Array[];
}

/** The votes on undecided operations of one rollup: signed once, kept until the decision or the deadline. */
export class VoteBook {
  private readonly undecided = new Map<string, { operationId: Uint8Array; deadlineMs: number }>();

  constructor(
    private readonly logId: Uint8Array,
    private readonly chainId: number,
    private readonly keys: Pick<KeyRing, 'inForce'>,
  ) {}

  /** Takes in what the store held. */
  load(votes: readonly PendingVote[]): void {
    for (const { operationId, deadlineMs } of votes) this.remember(operationId, deadlineMs);
  }

  /** Whether a vote will be due, for which the state root before this block is needed. */
  needsRootBefore({ entries }: VerifiedBlock): boolean {
    return entries.some(
      ({ kind, bytes }) => kind === EntryKind.PREPARE && participantsOf(bytes).includes(this.chainId),
    );
  }

  /**
   * Signs the votes that a block asks for and finds those that it settles. Without the voting key in force in the block
   * there is none: it would not count.
   */
  apply({ header, registry }: VerifiedBlock, result: BlockResult, rootBefore: Uint8Array | null): VoteChanges {
    const settled = this.settle(result, header.timestamp);
    const deadlines = new Map<string, number>();
    for (const event of result.operationEvents) {
      if (event.type === 'held' || event.type === 'refused') {
        deadlines.set(bytesToHex(event.operationId), event.deadlineMs);
      }
    }
    const signer = this.keys.inForce(registry);
    const votes = (signer ? result.votes : []).map((draft): PendingVote => {
      if (!rootBefore) throw new Error('a vote is due and the state root before the block was not taken');
      const { operationId } = draft;
      const deadlineMs = deadlines.get(bytesToHex(operationId)) ?? header.timestamp;
      const bytes = signVote(voteOf(draft, this.logId, rootBefore), signer!);
      return { operationId, deadlineMs, bytes };
    });
    // An operation that is decided in the block of its own PREPARE needs no vote.
    const open = votes.filter(({ operationId }) => !isDecided(result, operationId));
    for (const { operationId, deadlineMs } of open) this.remember(operationId, deadlineMs);
    return { votes: open, signed: votes, settled };
  }

  private settle(result: BlockResult, timestampMs: number): Uint8Array[] {
    const settled: Uint8Array[] = [];
    for (const [id, { operationId, deadlineMs }] of this.undecided) {
      if (deadlineMs >= timestampMs && !isDecided(result, operationId)) continue;
      this.undecided.delete(id);
      settled.push(operationId);
    }
    return settled;
  }

  private remember(operationId: Uint8Array, deadlineMs: number): void {
    this.undecided.set(bytesToHex(operationId), { operationId, deadlineMs });
  }
}

/** Field by field: a spread makes V8 change the object's shape for each of them. */
function voteOf(draft: VoteDraft, logId: Uint8Array, stateRoot: Uint8Array): Vote {
  const { operationId, prepareId, prepareBlockHash, chainId, yes, reason } = draft;
  const { laneSequence, sharedLaneSequence, clock } = draft;
  return {
    logId,
    operationId,
    prepareId,
    prepareBlockHash,
    chainId,
    yes,
    reason,
    stateRoot,
    laneSequence,
    sharedLaneSequence,
    clock,
  };
}

function isDecided({ operationEvents }: BlockResult, operationId: Uint8Array): boolean {
  return operationEvents.some(
    (event) =>
      (event.type === 'posted' || event.type === 'voided' || event.type === 'recorded') &&
      equalBytes(event.operationId, operationId),
  );
}

function participantsOf(prepare: Uint8Array): number[] {
  try {
    return decodePrepare(prepare).participants;
  } catch {
    return []; // the ledger says what is wrong with it
  }
}
