// Shows that a certificate holds with a registry's file alone, and that each field that is changed, before or after the
// leader signed, is refused for its own reason. Uses the published test vectors.
import { describe, expect, it } from 'vitest';
import { EntryKind, Outcome, type ProvedEntry, Reason } from '#libs/protocol';
import {
  sign,
  type Files,
  files,
  check,
  zero,
  resign,
  rewrite,
  changePrepare,
  voteSignature,
  changeDecision,
  changePrice,
} from '../testing/forge-evidence.js';

const header =
  (part: 'prepare' | 'decision', change: (value: ProvedEntry['signedHeader']['header']) => void) =>
  ({ certificate }: Files): void => {
    change(certificate[part].signedHeader.header);
    resign(certificate[part]);
  };

describe('a certificate', () => {
  it('of the vectors holds, with both registries and nothing else', () => {
    expect(() => check(files())).not.toThrow();
  });

  it('that a leader wrote anew without changing what it says holds: the helpers below break nothing by themselves', () => {
    const rewritten = files();
    changePrepare(rewritten, () => {});
    expect(() => check(rewritten)).not.toThrow();
    const priced = files();
    changePrice(priced, () => {});
    expect(() => check(priced)).not.toThrow();
  });

  const changedOnTheWay: [string, string, (files: Files) => void][] = [
    ['a sequence', 'ENTRY_PROOF', ({ certificate }) => (certificate.prepare.entry.sequence += 1n)],
    ['a byte of PREPARE', 'ENTRY_PROOF', ({ certificate }) => (certificate.prepare.entry.bytes[40]! ^= 1)],
    ['a byte of DECISION', 'ENTRY_PROOF', ({ certificate }) => (certificate.decision.entry.bytes[40]! ^= 1)],
    ['a lane sequence', 'ENTRY_PROOF', ({ certificate }) => (certificate.decision.firstLaneSequence += 1n)],
    ['the place in the lane', 'ENTRY_PROOF', ({ certificate }) => (certificate.prepare.position += 1)],
    ['a sibling of the leaf', 'ENTRY_PROOF', ({ certificate }) => (certificate.prepare.leafProof[3]![0]! ^= 1)],
    ['the length of the lane', 'ENTRY_PROOF', ({ certificate }) => (certificate.prepare.leafProof[16]![0]! += 1)],
    ['a missing sibling', 'ENTRY_PROOF', ({ certificate }) => certificate.prepare.leafProof.pop()],
    ['a sibling of the lane', 'ENTRY_PROOF', ({ certificate }) => (certificate.prepare.laneProof[0]![0]! ^= 1)],
    ['the lane', 'WRONG_LANE', ({ certificate }) => (certificate.prepare.chainId = 84001)],
    ['the place of the lane', 'WRONG_LANE', ({ certificate }) => (certificate.prepare.laneIndex = 1)],
    ['a sender', 'ENTRY_SENDER', ({ certificate }) => (certificate.prepare.entry.sender = new Uint8Array(20).fill(1))],
    ['the kind', 'WRONG_KIND', ({ certificate }) => (certificate.prepare.entry.bytes[0] = EntryKind.PRICE)],
    ['PREPARE given as DECISION', 'WRONG_KIND', ({ certificate }) => (certificate.decision = certificate.prepare)],
    ['the version', 'UNSUPPORTED_VERSION', ({ certificate }) => (certificate.prepare.signedHeader.header.version = 2)],
    ['the log id', 'FOREIGN_LOG', ({ certificate }) => (certificate.prepare.signedHeader.header.logId = zero)],
    [
      'the registry root',
      'REGISTRY_MISSING',
      ({ certificate }) => (certificate.decision.signedHeader.header.registryRoot = zero),
    ],
    [
      'the leader',
      'UNKNOWN_LEADER',
      ({ certificate }) => (certificate.prepare.signedHeader.header.leader = new Uint8Array(20).fill(1)),
    ],
    ...(['number', 'epoch', 'timestamp', 'entryCount'] as const).map(
      (field): [string, string, (files: Files) => void] => [
        `the header's ${field}`,
        'HEADER_SIGNATURE',
        ({ certificate }) => (certificate.prepare.signedHeader.header[field] += 1),
      ],
    ),
    [
      'the parent hash',
      'HEADER_SIGNATURE',
      ({ certificate }) => (certificate.decision.signedHeader.header.parentHash = zero),
    ],
    [
      'the lanes root',
      'HEADER_SIGNATURE',
      ({ certificate }) => (certificate.decision.signedHeader.header.lanesRoot = zero),
    ],
    [
      'the first sequence',
      'HEADER_SIGNATURE',
      ({ certificate }) => (certificate.decision.signedHeader.header.firstSequence += 1n),
    ],
    ['the signature', 'HEADER_SIGNATURE', ({ certificate }) => (certificate.prepare.signedHeader.signature[5]! ^= 1)],
    ['the price left out', 'PRICE_MISSING', ({ certificate }) => (certificate.price = [])],
    ["the registry's log", 'RULES_PROOF', ({ registry }) => (registry.logId = zero)],
    ['the longest time to prepare', 'RULES_PROOF', ({ registry }) => (registry.prepareMsMax += 1)],
    ["PREPARE's registry left out", 'REGISTRY_MISSING', ({ registry }) => registry.registries.shift()],
    [
      'a voting key in the registry',
      'REGISTRY_MISSING',
      ({ registry }) => (registry.registries[0]!.rollups[0]!.votingKey[0]! ^= 1),
    ],
  ];
  it.each(changedOnTheWay)('with a change on the way of %s is refused: %s', (_what, code, change) => {
    const changed = files();
    change(changed);
    expect(() => check(changed)).toThrow(expect.objectContaining({ code }) as Error);
  });

  const byALeader: [string, string, (files: Files) => void][] = [
    ['a sequence outside the block', 'ENTRY_OUTSIDE_BLOCK', header('prepare', (value) => (value.firstSequence = 9n))],
    ['a decision of an earlier block', 'WRONG_ORDER', header('decision', (value) => (value.number = 0))],
    ['another block of the same number', 'EQUIVOCATION', header('decision', (value) => (value.number = 1))],
    ['another parent', 'WRONG_ORDER', header('decision', (value) => (value.parentHash = zero))],
    ['an epoch that falls', 'WRONG_ORDER', header('prepare', (value) => (value.epoch = 9))],
    ['a timestamp that falls', 'WRONG_ORDER', header('decision', (value) => (value.timestamp -= 10_000))],
    ['a missing yes', 'COMMIT_WITHOUT_YES', (changed) => changeDecision(changed, ({ votes }) => void votes.pop())],
    [
      'a vote twice',
      'DECISION_BAD_VOTE',
      (changed) => changeDecision(changed, ({ votes }) => void votes.push(votes[0]!)),
    ],
    [
      'a vote of another key',
      'DECISION_BAD_VOTE',
      (changed) =>
        changeDecision(
          changed,
          ({ votes: [first] }) => (first!.signature = voteSignature(first!.vote, 'voting 84003')),
        ),
    ],
    [
      'a vote for another block',
      'DECISION_BAD_VOTE',
      (changed) =>
        changeDecision(changed, ({ votes: [first] }) => {
          first!.vote.prepareBlockHash = zero;
          first!.signature = voteSignature(first!.vote);
        }),
    ],
    [
      'a commit after the deadline',
      'COMMIT_AFTER_DEADLINE',
      header('decision', (value) => (value.timestamp += 60_000)),
    ],
    [
      'an abort without a cause',
      'ABORT_WITHOUT_CAUSE',
      (changed) =>
        changeDecision(changed, (decision) => {
          decision.outcome = Outcome.abort;
          decision.reason = Reason.insufficient_collateral;
        }),
    ],
    [
      'a decision on another operation',
      'DECISION_WRONG_OPERATION',
      (changed) => changeDecision(changed, (decision) => (decision.operationId = zero)),
    ],
    [
      'a decision on another prepare',
      'DECISION_WRONG_PREPARE',
      (changed) => changeDecision(changed, (decision) => (decision.prepareId = zero)),
    ],
    [
      'a decision that cannot be read',
      'ENTRY_UNREADABLE',
      ({ certificate }) => rewrite(certificate.decision, EntryKind.DECISION, zero),
    ],
    [
      'a participant that is no rollup',
      'UNKNOWN_PARTICIPANT',
      (changed) => changePrepare(changed, (prepare) => (prepare.participants = [5])),
    ],
    [
      'a participant left out',
      'PLAN_DIFFERS',
      (changed) => changePrepare(changed, (prepare) => void prepare.participants.pop()),
    ],
    ['an amount', 'PLAN_DIFFERS', (changed) => changePrepare(changed, (prepare) => (prepare.legs[3]!.amount += 1n))],
    ['a payout', 'PLAN_DIFFERS', (changed) => changePrepare(changed, (prepare) => (prepare.payout += 1n))],
    ['a deadline', 'PLAN_DIFFERS', (changed) => changePrepare(changed, (prepare) => (prepare.deadlineMs += 1))],
    ['an intent', 'OPERATION_ID', (changed) => changePrepare(changed, ({ intent }) => (intent.value.quantity += 1n))],
    ['a series', 'UNKNOWN_SERIES', (changed) => changePrepare(changed, ({ intent }) => (intent.value.series = zero))],
    [
      'an intent that the holder did not sign',
      'INTENT_SIGNATURE',
      (changed) => changePrepare(changed, (prepare) => (prepare.signatures = [sign('writer', prepare.operationId)])),
    ],
    ['another price round', 'PRICE_OTHER', (changed) => changePrice(changed, ({ price }) => (price.round = 8n))],
    ['another price', 'PLAN_DIFFERS', (changed) => changePrice(changed, ({ price }) => (price.price += 1_000_000n))],
    ['a price out of the money', 'PLAN_REFUSED', (changed) => changePrice(changed, ({ price }) => (price.price = 1n))],
    ['a price by a foreign key', 'PRICE_SIGNATURE', (changed) => changePrice(changed, () => {}, 'writer')],
    [
      'a price where none counts',
      'PRICE_STRAY',
      (changed) => changePrepare(changed, (prepare) => (prepare.priceRound = 0n)),
    ],
  ];
  it.each(byALeader)('in which a leader signed %s is refused: %s', (_what, code, change) => {
    const changed = files();
    change(changed);
    expect(() => check(changed)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
