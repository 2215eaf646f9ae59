import { voteDigest } from '#libs/atomic-commit';
import { recoverAddress } from '#libs/crypto';
import { type Cursor, isSignedByLeader } from '#libs/executor-sdk';
import {
  blockHash,
  Decision,
  entryBody,
  EntryKind,
  entryKind,
  equalBytes,
  findRollup,
  type Registry,
  type SignedVote,
  Slice,
} from '#libs/protocol';

/** This executor has been further than it is: what it had applied is lost, and must be replayed before it votes. */
export interface Regression {
  /** Own lane sequence that a certificate attributes to this rollup. */
  attributed: bigint;
  /** Own lane sequence when that was found. */
  own: bigint;
  /** The certificate's block: once it is applied, all that the certificate speaks of is there again. */
  untilNumber: number;
}

/**
 * The highest lane sequence of a rollup that a certificate attributes to it: by the rollup's own vote, and by what the
 * other voters' vector clocks say of it (design, section 7, "Vector clocks"). Pure; signatures are the caller's to check.
 */
export function attributedTo(chainId: number, votes: readonly SignedVote[]): bigint {
  let highest = 0n;
  for (const { vote } of votes) {
    const claims = vote.chainId === chainId ? [vote] : vote.clock.filter((entry) => entry.chainId === chainId);
    for (const { laneSequence } of claims) if (laneSequence > highest) highest = laneSequence;
  }
  return highest;
}

/**
 * Compares an executor's position with what certificates attribute to it.
 *
 * ```
 *          a certificate ahead attributes more than was applied
 *  sound ─────────────────────────────────────────────────────► regressed: no vote leaves
 *    ▲                                                              │ another one, further ahead: until there
 *    └────────────── the certificate's block is applied ────────────┘
 * ```
 *
 * Being slow is no regression: an executor votes on what it has applied, so no certificate is ahead of a slow one. A
 * voter that lies about us can hold our votes up until its certificate is applied, and no longer.
 */
export class RegressionWatch {
  private regression: Regression | null = null;

  /** What has to be replayed; null while nothing is known to be lost. */
  get current(): Regression | null {
    return this.regression;
  }

  /**
   * Looks at a slice that arrived live while blocks before it are still to be replayed.
   * @returns the regression that it shows, where that is news
   */
  glimpse(cursor: Cursor, bytes: Uint8Array): Regression | null {
    const slice = decode(bytes);
    if (!slice || slice.header.number <= cursor.number) return null;
    const { chainId, laneSequences, registry } = cursor;
    const { own } = laneSequences;
    const attributed = decisionsOf(slice).reduce((highest, { votes }) => {
      if (attributedTo(chainId, votes) <= own) return highest;
      const sequence = attributedTo(
        chainId,
        votes.filter((vote) => isOfVotingKey(vote, registry)),
      );
      return sequence > highest ? sequence : highest;
    }, 0n);
    if (attributed <= own || !isSignedByLeader(slice.header, blockHash(slice.header), slice.signature, cursor))
      return null;
    const isNews = this.regression === null;
    const untilNumber = Math.max(slice.header.number, this.regression?.untilNumber ?? 0);
    this.regression = { attributed, own, untilNumber };
    return isNews ? this.regression : null;
  }

  /** A block has been applied. @returns the regression that it ends, or null */
  applied(number: number): Regression | null {
    const ended = this.regression;
    if (ended === null || number < ended.untilNumber) return null;
    this.regression = null;
    return ended;
  }
}

function decode(bytes: Uint8Array): Slice | null {
  try {
    return Slice.deserialize(bytes);
  } catch {
    return null; // whoever sent it: the follower deals with it
  }
}

function decisionsOf({ shared }: Slice): Decision[] {
  return shared.entries.flatMap(({ bytes }) => {
    try {
      return entryKind(bytes) === EntryKind.DECISION ? [Decision.deserialize(entryBody(bytes))] : [];
    } catch {
      return [];
    }
  });
}

function isOfVotingKey({ vote, signature }: SignedVote, registry: Registry): boolean {
  const signer = recoverAddress(voteDigest(vote), signature);
  const rollup = findRollup(registry, vote.chainId);
  return signer !== null && rollup !== undefined && equalBytes(signer, rollup.votingKey);
}
