// What counts as having lost state: only votes by registered keys, in a block that a leader signed, ahead of the cursor.
import { describe, expect, it } from 'vitest';
import { genesisCursor, MemorySequencer, signVote, testGenesis, testSigner } from '#libs/executor-sdk';
import {
  Decision,
  encodeEntry,
  EntryKind,
  Outcome,
  Reason,
  SignedVote,
  Slice,
  type SliceEntry,
  type Vote,
} from '#libs/protocol';
import { attributedTo, RegressionWatch } from './regression.js';

const log = new MemorySequencer(testGenesis(), testSigner('sequencer'));
const cursor = genesisCursor(log.genesis, 7);

function vote(chainId: number, laneSequence: bigint, clock: Vote['clock'] = [], key = `voting ${chainId}`): SignedVote {
  const id = new Uint8Array(32).fill(1);
  const draft: Vote = {
    ...{ logId: log.logId, prepareBlockHash: id, operationId: id, prepareId: id, stateRoot: id },
    ...{ chainId, yes: true, reason: Reason.none, laneSequence, sharedLaneSequence: 1n, clock },
  };
  return SignedVote.deserialize(signVote(draft, testSigner(key)));
}

/** A block with a certificate, as rollup 7 is sent it. */
function block(votes: SignedVote[]): { bytes: Uint8Array; number: number } {
  const id = new Uint8Array(32).fill(1);
  const decision = { operationId: id, prepareId: id, outcome: Outcome.commit, reason: Reason.none, votes, auditId: 0n };
  const { slices, header } = log.append([{ bytes: encodeEntry(EntryKind.DECISION, Decision.serialize(decision)) }]);
  return { bytes: slices.get(7)!, number: header.number };
}

describe('a regression', () => {
  it("is shown by the own vote, and by what others' vector clocks say; it ends with that block", () => {
    expect(attributedTo(7, [vote(7, 4n), vote(8, 9n)])).toBe(4n);
    expect(attributedTo(7, [vote(8, 9n, [{ chainId: 7, laneSequence: 6n }])])).toBe(6n);
    for (const votes of [[vote(7, 4n)], [vote(8, 9n, [{ chainId: 7, laneSequence: 4n }])]]) {
      const watch = new RegressionWatch();
      const { bytes, number } = block(votes);
      expect(watch.glimpse(cursor, bytes)).toEqual({ attributed: 4n, own: 0n, untilNumber: number });
      expect(watch.glimpse(cursor, bytes)).toBeNull(); // no news
      expect(watch.applied(number - 1)).toBeNull();
      expect(watch.current).not.toBeNull();
      expect(watch.applied(number)).toMatchObject({ untilNumber: number });
      expect(watch.current).toBeNull();
    }
  });

  it('lasts until the certificate that is furthest ahead', () => {
    const watch = new RegressionWatch();
    const [first, second] = [block([vote(7, 4n)]), block([vote(7, 8n)])];
    watch.glimpse(cursor, second.bytes);
    watch.glimpse(cursor, first.bytes);
    expect(watch.applied(first.number)).toBeNull();
    expect(watch.applied(second.number)).not.toBeNull();
  });

  it('is not shown by what was applied already, nor by a certificate behind the cursor', () => {
    const { bytes, number } = block([vote(7, 4n)]);
    const further = { ...cursor, laneSequences: { own: 4n, shared: 0n } };
    expect(new RegressionWatch().glimpse(further, bytes)).toBeNull();
    expect(new RegressionWatch().glimpse({ ...cursor, number }, bytes)).toBeNull();
  });

  it('is not shown by forged votes, a forged header or what is no slice: anyone may publish', () => {
    const forged = block([vote(7, 4n, [], 'mallory'), vote(8, 9n, [{ chainId: 7, laneSequence: 6n }], 'mallory')]);
    expect(new RegressionWatch().glimpse(cursor, forged.bytes)).toBeNull();
    const slice = Slice.deserialize(block([vote(7, 4n)]).bytes);
    slice.header.number += 1_000_000;
    expect(new RegressionWatch().glimpse(cursor, Slice.serialize(slice))).toBeNull();
    const broken = Slice.deserialize(block([vote(7, 4n)]).bytes);
    const [entry] = broken.shared.entries as [SliceEntry];
    entry.bytes = entry.bytes.slice(0, 40);
    expect(new RegressionWatch().glimpse(cursor, Slice.serialize(broken))).toBeNull();
    expect(new RegressionWatch().glimpse(cursor, Uint8Array.of(1, 2, 3))).toBeNull();
  });
});
