import {
  concatBytes,
  equalBytes,
  keccak256,
  keccak256Concat,
  Reason,
  type SignedVote,
  type Vote,
} from '#libs/protocol';
import { voteDigest } from '../check-vote.js';
import type { PreparedOperation, RecoverAddress } from '../prepared-operation.js';

/** Operations, keys and votes for tests. Signatures are stand-ins: `recover` is a port of this lib. */

const utf8 = new TextEncoder();
export const named = (name: string): Uint8Array => keccak256(utf8.encode(name));
export const LOG_ID = named('log');

/** The key of a rollup, as an address. */
export const votingKey = (chainId: number): Uint8Array => named(`key ${chainId}`).slice(12);

/** 65 bytes: whose it is, and a hash that binds it to the digest. */
const fakeSignature = (digest: Uint8Array, key: Uint8Array): Uint8Array =>
  concatBytes(key, keccak256Concat(digest, key), new Uint8Array(13));

export const recoverFake: RecoverAddress = (digest, signature) => {
  const key = signature.slice(0, 20);
  return equalBytes(signature, fakeSignature(digest, key)) ? key : null;
};

export function preparedOperation(name: string, chainIds: number[], deadlineMs: number): PreparedOperation {
  return {
    operationId: named(`operation ${name}`),
    prepareId: named(`prepare ${name}`),
    prepareBlockHash: named(`block of ${name}`),
    deadlineMs,
    participants: chainIds.map((chainId) => ({ chainId, votingKey: votingKey(chainId) })),
  };
}

/** A vote for this operation; `changes` may make it one that does not count. */
export function voteFor(operation: PreparedOperation, chainId: number, changes: Partial<Vote> = {}): Vote {
  const { operationId, prepareId, prepareBlockHash } = operation;
  return {
    logId: LOG_ID,
    prepareBlockHash,
    operationId,
    prepareId,
    chainId,
    yes: true,
    reason: Reason.none,
    laneSequence: 5n,
    sharedLaneSequence: 9n,
    stateRoot: named('state'),
    clock: [{ chainId, laneSequence: 5n }],
    ...changes,
  };
}

export const signedBy = (key: Uint8Array, vote: Vote): SignedVote => ({
  vote,
  signature: fakeSignature(voteDigest(vote), key),
});

/** A vote signed by the key that may vote for its chain. */
export const signed = (vote: Vote): SignedVote => signedBy(votingKey(vote.chainId), vote);

export const yesOf = (operation: PreparedOperation, chainId: number): SignedVote => signed(voteFor(operation, chainId));

export const noOf = (
  operation: PreparedOperation,
  chainId: number,
  reason: Reason = Reason.insufficient_collateral,
): SignedVote => signed(voteFor(operation, chainId, { yes: false, reason }));
