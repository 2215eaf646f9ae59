import { type DigestSigner } from '#libs/crypto';
import { commitmentDigest, SignedVote, sszRoot, Vote } from '#libs/protocol';

/** Signs a vote as `Commitment("vote", root)` in its log's domain and serialises it. Equal votes give equal bytes. */
export function signVote(vote: Vote, signer: DigestSigner): Uint8Array {
  const signature = signer.sign(commitmentDigest(vote.logId, 'vote', sszRoot(Vote, vote)));
  return SignedVote.serialize({ vote, signature });
}
