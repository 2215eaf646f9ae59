import { commitmentDigest, equalBytes, Reason, type SignedVote, sszRoot, Vote } from '#libs/protocol';
import type { PreparedOperation, RecoverAddress } from './prepared-operation.js';

/** Why a vote does not count. */
export type VoteFault =
  | 'foreign_log'
  | 'wrong_operation'
  | 'wrong_block'
  | 'wrong_prepare'
  | 'not_a_participant'
  | 'bad_reason'
  | 'wrong_key';

/** Digest that a voting key signs: Commitment("vote", SSZ root of the vote). */
export const voteDigest = (vote: Vote): Uint8Array => commitmentDigest(vote.logId, 'vote', sszRoot(Vote, vote));

/**
 * Checks a vote against the PREPARE it is for (I24). A vote that names another block hash is invalid: after a restore an
 * equal PREPARE may stand elsewhere.
 * @returns null when the vote counts, else what is wrong with it
 */
export function checkVote(
  { vote, signature }: SignedVote,
  operation: PreparedOperation,
  logId: Uint8Array,
  recover: RecoverAddress,
): VoteFault | null {
  if (!equalBytes(vote.logId, logId)) return 'foreign_log';
  if (!equalBytes(vote.operationId, operation.operationId)) return 'wrong_operation';
  if (!equalBytes(vote.prepareBlockHash, operation.prepareBlockHash)) return 'wrong_block';
  if (!equalBytes(vote.prepareId, operation.prepareId)) return 'wrong_prepare';
  const participant = operation.participants.find(({ chainId }) => chainId === vote.chainId);
  if (!participant) return 'not_a_participant';
  if (vote.yes ? vote.reason !== (Reason.none as number) : !isRefusal(vote.reason)) return 'bad_reason';
  const signer = recover(voteDigest(vote), signature);
  return signer && equalBytes(signer, participant.votingKey) ? null : 'wrong_key';
}

/** Whether a participant may say no for this reason: `expired` and `operator_abort` are a decision's alone. */
function isRefusal(reason: number): boolean {
  switch (reason as Reason) {
    case Reason.none:
    case Reason.expired:
    case Reason.operator_abort:
      return false;
    default:
      return Reason[reason] !== undefined;
  }
}
