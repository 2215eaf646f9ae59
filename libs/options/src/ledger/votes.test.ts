import { Reason, RegistryAction, seriesId } from '#libs/protocol';
import { describe, expect, it } from 'vitest';
import {
  ALICE,
  CHAINS,
  EXPIRY_MS,
  Network,
  ONE_ETH,
  ONE_USD,
  OPERATOR,
  POOL,
  type Prepared,
  START_MS,
  stubSign,
  terms,
} from '../testing/network.js';
import { ETH_FUNDS, reasons, USD_FUNDS, withOptions } from '../testing/scenario.js';

const { position, exposure, collateral, settlement } = CHAINS;

describe('a vote', () => {
  it('carries the lane sequences up to its block and the clock as of PREPARE', () => {
    const network = new Network();
    network.block([network.price(1n, 5n), { chainId: position, bytes: Uint8Array.of(5) }]);
    network.execute(network.writeIntent(terms(), 1n));
    const { votes, blockHash, prepareId } = network.prepare(network.closeIntent(terms(), 1n));
    expect(votes.map(({ laneSequence, sharedLaneSequence }) => [laneSequence, sharedLaneSequence])).toEqual([
      [1n, 4n],
      [0n, 4n],
      [0n, 4n],
    ]);
    expect(votes[1]).toMatchObject({ chainId: exposure, prepareBlockHash: blockHash, prepareId });
    // The exposure rollup has learnt of the others from the votes in the first certificate.
    expect(votes[1]?.clock).toEqual([
      { chainId: position, laneSequence: 1n },
      { chainId: exposure, laneSequence: 0n },
      { chainId: collateral, laneSequence: 0n },
    ]);
  });

  it('learns from votes of other rollups alone, and of registered ones', () => {
    const network = withOptions(terms());
    const prepared = network.prepare(network.closeIntent(terms(), 1n));
    const clock = [position, collateral, 999].map((chainId) => ({ chainId, laneSequence: 70n }));
    network.commit({ ...prepared, votes: prepared.votes.map((vote) => ({ ...vote, clock })) });
    const { votes } = network.prepare(network.closeIntent(terms(), 1n));
    expect(votes[0]?.clock).toEqual([
      { chainId: position, laneSequence: 0n },
      { chainId: exposure, laneSequence: 0n },
      { chainId: collateral, laneSequence: 70n },
    ]);
  });

  it.each<[string, string[], (network: Network) => Prepared]>([
    [
      'position',
      ['101 insufficient_position', '102 insufficient_exposure', '103 insufficient_collateral', '104 none'],
      (network) => network.prepare(network.exerciseIntent(terms(), 11n * ONE_ETH)),
    ],
    [
      'another backer',
      ['101 insufficient_position', '102 insufficient_exposure', '103 insufficient_collateral', '104 none'],
      (network) => network.prepare(network.exerciseIntent(terms(), ONE_ETH, { backer: POOL })),
    ],
    [
      'what is held already',
      ['101 insufficient_position', '102 insufficient_exposure', '103 insufficient_collateral', '104 none'],
      (network) => {
        network.prepare(network.exerciseIntent(terms(), 6n * ONE_ETH));
        return network.prepare(network.exerciseIntent(terms(), 5n * ONE_ETH));
      },
    ],
    [
      'collateral for a write',
      ['101 none', '102 none', '103 insufficient_collateral'],
      (network) => network.prepare(network.writeIntent(terms(), ETH_FUNDS)),
    ],
    [
      'the premium',
      ['101 none', '102 none', '103 none', '104 insufficient_payment'],
      (network) => network.prepare(network.writeIntent(terms(), ONE_ETH, { premium: USD_FUNDS + 1n })),
    ],
    [
      'the payment of a close',
      ['101 none', '102 none', '103 none', '104 insufficient_payment'],
      (network) => network.prepare(network.closeIntent(terms(), ONE_ETH, { payment: USD_FUNDS + 1n })),
    ],
  ])('is no where something does not suffice: %s', (_case, expected, prepare) => {
    expect(reasons(prepare(withOptions(terms())))).toEqual(expected);
  });

  it.each<[string, Reason, (network: Network) => Prepared]>([
    [
      'unknown series',
      Reason.unknown_series,
      (network) => network.prepare(network.exerciseIntent(terms({ strike: 3n }), 1n)),
    ],
    [
      'delisted',
      Reason.series_delisted,
      (network) => {
        network.block([network.change(RegistryAction.DELIST_SERIES, seriesId(terms()))]);
        return network.prepare(network.writeIntent(terms(), 1n));
      },
    ],
    [
      'paused',
      Reason.rollup_paused,
      (network) => {
        network.block([network.change(RegistryAction.SET_ROLLUP_PAUSED, { chainId: settlement, value: true })]);
        return network.prepare(network.exerciseIntent(terms(), ONE_ETH));
      },
    ],
    [
      'quarantined',
      Reason.quarantined,
      (network) => {
        network.block([network.change(RegistryAction.SET_ROLLUP_QUARANTINED, { chainId: position, value: true })]);
        return network.prepare(network.exerciseIntent(terms(), ONE_ETH));
      },
    ],
    [
      'out of the money',
      Reason.not_in_the_money,
      (network) => {
        network.block([network.price(2n, 2_000n * ONE_USD)]);
        return network.prepare(network.exerciseIntent(terms(), ONE_ETH));
      },
    ],
    [
      'too late',
      Reason.outside_exercise_window,
      (network) => network.prepare(network.exerciseIntent(terms(), ONE_ETH), { atMs: EXPIRY_MS + 1 }),
    ],
    [
      'stale',
      Reason.stale_price,
      (network) =>
        network.prepare(network.exerciseIntent(terms(), ONE_ETH, { maxPriceAgeMs: 9n }), { atMs: START_MS + 10 }),
    ],
    [
      'no such round',
      Reason.unknown_price_round,
      (network) => network.prepare(network.exerciseIntent(terms(), ONE_ETH, { minPriceRound: 2n })),
    ],
    [
      'no time',
      Reason.deadline_too_near,
      (network) => network.prepare(network.exerciseIntent(terms(), ONE_ETH, { deadlineMs: BigInt(START_MS) })),
    ],
    ['nothing', Reason.malformed_prepare, (network) => network.prepare(network.closeIntent(terms(), 0n))],
  ])('is no of every rollup where the intent cannot be planned: %s', (_case, reason, prepare) => {
    const prepared = prepare(withOptions(terms()));
    expect(reasons(prepared)).toEqual(CHAIN_NAMES.map((chainId) => `${chainId} ${Reason[reason]}`));
  });
  const CHAIN_NAMES = Object.values(CHAINS);

  it.each<[string, (prepare: Prepared['prepare']) => Partial<Prepared['prepare']>]>([
    ['payout', ({ payout }) => ({ payout: payout + 1n })],
    ['price round', ({ priceRound }) => ({ priceRound: priceRound + 1n })],
    ['deadline', ({ deadlineMs }) => ({ deadlineMs: deadlineMs - 1 })],
    ['a leg more', ({ legs }) => ({ legs: [...legs, legs[0]!] })],
    ['a leg less', ({ legs }) => ({ legs: legs.slice(1) })],
    [
      'an amount',
      ({ legs }) => ({ legs: legs.map((leg, i) => (i === 4 ? { ...leg, amount: leg.amount + 1n } : leg)) }),
    ],
    ['an owner', ({ legs }) => ({ legs: legs.map((leg, i) => (i === 4 ? { ...leg, owner: OPERATOR } : leg)) })],
    ['the order of legs', ({ legs }) => ({ legs: [...legs].reverse() })],
    ['a participant more', ({ participants }) => ({ participants: [...participants, 105] })],
    ['operation id', () => ({ operationId: new Uint8Array(32).fill(3) })],
    ['no signature', () => ({ signatures: [] })],
    ['a foreign signature', ({ operationId }) => ({ signatures: [stubSign(ALICE, operationId)] })],
  ])('is no where PREPARE differs from the plan or lacks a signature: %s', (_case, change) => {
    const network = withOptions(terms());
    const intent = network.exerciseIntent(terms(), ONE_ETH);
    const over = change(network.prepareOf(intent, network.timestampMs));
    expect(new Set(network.prepare(intent, { over }).votes.map(({ reason }) => reason))).toEqual(
      new Set([Reason.malformed_prepare]),
    );
    expect([...network.ledger(position).positions()]).toMatchObject([{ held: 0n }]);
  });
});
