import { voteDigest } from '#libs/atomic-commit';
import { bytesToHex, hexToBytes, Reason, SignedVote, type Vote } from '#libs/protocol';
import type { Forgery } from '../plan/plan.js';
import type { World } from './world.js';

/**
 * A vote that somebody sends on the newest undecided operation: with a forgery one that nobody may count; with a number a
 * no that the voting key itself signed, whatever the executor has voted.
 */
export function sampleVote(world: World, how: Forgery | number): { chainId: number; bytes: Uint8Array } | null {
  const operation = world.checks.log.undecided.at(-1);
  if (!operation) return null;
  const { participants, prepareBlockHash, prepareId, id } = operation;
  const chainId = participants[typeof how === 'number' ? how % participants.length : 0]!;
  const vote: Vote = {
    ...{ logId: world.logId, prepareBlockHash, operationId: hexToBytes(id), prepareId, chainId },
    ...{ yes: typeof how !== 'number', reason: typeof how === 'number' ? Reason.insufficient_payment : Reason.none },
    ...{ laneSequence: 0n, sharedLaneSequence: 0n, stateRoot: new Uint8Array(32), clock: [] },
  };
  let signer = world.topology.keys.voting.get(chainId)!;
  const other = new Uint8Array(32).fill(0x66);
  switch (how) {
    case 'foreign_log':
      vote.logId = other;
      break;
    case 'wrong_block':
      vote.prepareBlockHash = other;
      break;
    case 'wrong_prepare':
      vote.prepareId = other;
      break;
    case 'wrong_key':
      signer = world.topology.keys.owners[0]!;
      break;
    case 'not_a_participant':
      vote.chainId = 999;
      break;
    case 'bad_reason':
      vote.reason = Reason.expired;
      break;
    default:
  }
  const signature = signer.sign(voteDigest(vote));
  if (typeof how !== 'number') world.checks.forged.add(bytesToHex(signature) + vote.chainId);
  return { chainId, bytes: SignedVote.serialize({ vote, signature }) };
}
