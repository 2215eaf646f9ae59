import { Outcome, Reason, RegistryAction } from '#libs/protocol';
import { describe, expect, it } from 'vitest';
import {
  address,
  ALICE,
  ALL_TERMS,
  BOB,
  CHAINS,
  ETH,
  EXPIRY_MS,
  Network,
  ONE_ETH,
  ONE_USD,
  OPERATOR,
  POOL,
  type Prepared,
  PREPARE_MS_MAX,
  START_MS,
  terms,
  USD,
  votingKey,
} from '../testing/network.js';
import { ETH_FUNDS, events, has, reasons, USD_FUNDS, withOptions } from '../testing/scenario.js';
import { OperationStatus } from '../state/row-types.js';
import { LedgerHaltError } from './halt-error.js';

const { position, exposure, collateral, settlement } = CHAINS;

/** The code of the halt that a block causes. */
function haltOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof LedgerHaltError) return error.type.code;
    throw error;
  }
  return 'none';
}

describe('a committed operation', () => {
  it('writes an option: locks collateral, adds exposure and position, moves the premium', () => {
    const network = new Network();
    const put = terms({ isPut: true });
    network.execute(network.writeIntent(put, 2n * ONE_ETH, { premium: 30n }));
    expect(has(network, collateral, ALICE, USD)).toBe(USD_FUNDS - 4_000n * ONE_USD);
    expect([...network.ledger(collateral).collateral()]).toMatchObject([{ available: 4_000n * ONE_USD, held: 0n }]);
    expect([...network.ledger(exposure).exposures()]).toMatchObject([{ available: 2n * ONE_ETH, held: 0n }]);
    expect([...network.ledger(position).positions()]).toMatchObject([{ holder: BOB, available: 2n * ONE_ETH }]);
    expect(has(network, settlement, BOB, USD)).toBe(USD_FUNDS - 30n);
    expect(has(network, settlement, ALICE, USD)).toBe(USD_FUNDS + 30n);
  });

  it.each(ALL_TERMS)('exercises put $isPut, European $isEuropean, physical $isPhysical on four rollups', (of) => {
    const network = withOptions(of);
    const atMs = of.isEuropean ? EXPIRY_MS + 1 : START_MS;
    if (of.isEuropean) network.block([network.price(2n, (of.isPut ? 1_500n : 2_500n) * ONE_USD)], EXPIRY_MS);
    const before = network.sums().assets;
    const prepared = network.prepare(network.exerciseIntent(of, 4n * ONE_ETH), { atMs });
    expect(reasons(prepared)).toEqual(['101 none', '102 none', '103 none', '104 none']);
    expect(events(network.commit(prepared))).toEqual(['101 posted', '102 posted', '103 posted', '104 posted']);
    const [left] = [...network.ledger(position).positions()];
    expect(left).toMatchObject({ available: 6n * ONE_ETH, held: 0n });
    expect([...network.ledger(exposure).exposures()]).toMatchObject([{ available: 6n * ONE_ETH }]);
    // Alice gets back what Bob was not paid; physical settlement pays her the strike or the underlying.
    const paid = of.isPhysical ? 8_000n * ONE_USD : of.isPut ? 2_000n * ONE_USD : (8n * ONE_ETH) / 10n;
    const asset = of.isPut ? USD : ETH;
    const received = of.isPhysical && !of.isPut ? 4n * ONE_ETH : paid;
    const funds = of.isPut ? USD_FUNDS : ETH_FUNDS;
    expect(has(network, settlement, BOB, asset)).toBe(funds + received);
    const [locked] = [...network.ledger(collateral).collateral()];
    expect(locked).toMatchObject({ available: of.isPut ? 12_000n * ONE_USD : 6n * ONE_ETH, held: 0n });
    if (of.isPhysical) {
      const payment = of.isPut ? 4n * ONE_ETH : 8_000n * ONE_USD;
      const other = of.isPut ? ETH : USD;
      expect(has(network, settlement, ALICE, other)).toBe((of.isPut ? ETH_FUNDS : USD_FUNDS) + payment);
      expect(has(network, settlement, BOB, other)).toBe((of.isPut ? ETH_FUNDS : USD_FUNDS) - payment);
    } else {
      const released = of.isPut ? 8_000n * ONE_USD : 4n * ONE_ETH;
      const stillLocked = of.isPut ? 12_000n * ONE_USD : 6n * ONE_ETH;
      expect(has(network, collateral, ALICE, asset)).toBe(funds - released - stillLocked + (released - received));
    }
    expect(network.sums().assets).toEqual(before);
  });

  it('closes an option: releases the collateral and pays the holder', () => {
    const network = withOptions(terms());
    network.execute(network.closeIntent(terms(), 10n * ONE_ETH, { payment: 77n }));
    for (const ledger of network.ledgers.values()) {
      expect([...ledger.positions(), ...ledger.exposures(), ...ledger.collateral(), ...ledger.operations()]).toEqual(
        [],
      );
    }
    expect(has(network, collateral, ALICE, ETH)).toBe(ETH_FUNDS);
    expect(has(network, settlement, BOB, USD)).toBe(USD_FUNDS + 77n);
  });

  it('is backed by a pool whose operator signs', () => {
    const network = new Network();
    const prepared = network.execute(
      network.writeIntent(terms(), ONE_ETH, { writer: OPERATOR, backer: POOL, premium: 5n }),
    );
    expect(prepared.prepare.signatures.length).toBe(2);
    expect(has(network, collateral, POOL, ETH)).toBe(ETH_FUNDS - ONE_ETH);
    expect(has(network, settlement, POOL, USD)).toBe(USD_FUNDS + 5n);
  });

  it('may have all roles on one rollup, and two holds on one balance', () => {
    const here = { positionChainId: 101, exposureChainId: 101, collateralChainId: 101, settlementChainId: 101 };
    const put = terms({ isPut: true, ...here });
    const network = new Network();
    network.block([network.change(RegistryAction.LIST_SERIES, put)]);
    const all = { buyer: ALICE, premium: USD_FUNDS - 2_000n * ONE_USD };
    const tooMuch = network.prepare(network.writeIntent(put, ONE_ETH, { ...all, premium: all.premium + 1n }));
    expect(reasons(tooMuch)).toEqual(['101 insufficient_payment']);
    expect(network.ledger(101).balanceOf(ALICE, USD)).toEqual({ available: USD_FUNDS, held: 0n });
    network.execute(network.writeIntent(put, ONE_ETH, all));
    expect(network.ledger(101).balanceOf(ALICE, USD).available).toBe(USD_FUNDS - 2_000n * ONE_USD);
  });
});

describe('an abort', () => {
  it('makes available exactly what the operation held and nothing else (I25)', () => {
    const network = withOptions(terms({ isPhysical: true }));
    const other = network.prepare(network.exerciseIntent(terms({ isPhysical: true }), ONE_ETH));
    const before = network.roots();
    const aborted = network.prepare(network.exerciseIntent(terms({ isPhysical: true }), 2n * ONE_ETH));
    expect(network.roots()).not.toEqual(before);
    expect(events(network.abort(aborted))).toEqual(['101 voided', '102 voided', '103 voided', '104 voided']);
    const rows = (chainId: number) => [...network.ledger(chainId).positions(), ...network.ledger(chainId).operations()];
    expect(rows(position)).toMatchObject([
      { available: 9n * ONE_ETH, held: ONE_ETH },
      { operationId: other.prepare.operationId },
    ]);
    network.commit(other);
    expect(network.ledger(settlement).balanceOf(BOB, USD)).toEqual({
      available: USD_FUNDS - 2_000n * ONE_USD,
      held: 0n,
    });
  });

  it('because of one no voids the holds of the others', () => {
    const network = withOptions(terms());
    const prepared = network.prepare(network.writeIntent(terms(), ONE_ETH, { premium: USD_FUNDS + 1n }));
    expect(network.ledger(collateral).balanceOf(ALICE, ETH).held).toBe(ONE_ETH);
    const aborted = events(network.abort(prepared, Reason.insufficient_payment));
    expect(aborted).toEqual(['101 voided', '102 voided', '103 voided', '104 recorded']);
    expect(network.ledger(collateral).balanceOf(ALICE, ETH).held).toBe(0n);
  });
});

describe('a deadline', () => {
  const exercise = () => {
    const network = withOptions(terms());
    return { network, prepared: network.prepare(network.exerciseIntent(terms(), ONE_ETH)) };
  };
  const deadlineMs = START_MS + PREPARE_MS_MAX;

  it('expires nothing in a block with its own timestamp: commit is valid, abort(expired) is not', () => {
    const { network, prepared } = exercise();
    expect(events(network.block([], deadlineMs))).toEqual([]);
    expect(events(network.commit(prepared))).toEqual(['101 posted', '102 posted', '103 posted', '104 posted']);
    const again = exercise();
    expect(haltOf(() => again.network.abort(again.prepared, Reason.expired, deadlineMs))).toBe('HALT_DECISION_INVALID');
  });

  it('voids at the start of the first later block, heartbeat or not; a later abort only records', () => {
    const { network, prepared } = exercise();
    const results = network.block([], deadlineMs + 1);
    expect(events(results)).toEqual(['101 expired', '102 expired', '103 expired', '104 expired']);
    expect(results.get(position)?.changed).toBe(true);
    expect([...network.ledger(position).positions()]).toMatchObject([{ available: 10n * ONE_ETH, held: 0n }]);
    expect(events(network.block([], deadlineMs + 2))).toEqual([]);
    expect([...network.ledger(position).operations()]).toMatchObject([{ status: OperationStatus.expired, legs: [] }]);
    const before = [...network.ledger(position).positions()];
    expect(events(network.abort(prepared, Reason.expired))).toEqual([
      '101 recorded',
      '102 recorded',
      '103 recorded',
      '104 recorded',
    ]);
    expect([...network.ledger(position).positions()]).toEqual(before);
    expect([...network.ledger(position).operations()]).toEqual([]);
  });

  it('frees what it held for the entries of the same block', () => {
    const { network } = exercise();
    const next = network.prepare(network.exerciseIntent(terms(), 10n * ONE_ETH), { atMs: deadlineMs + 1 });
    expect(reasons(next)).toEqual(['101 none', '102 none', '103 none', '104 none']);
  });

  it('makes a commit after it halt', () => {
    const { network, prepared } = exercise();
    expect(haltOf(() => network.commit(prepared, deadlineMs + 1))).toBe('HALT_DECISION_INVALID');
  });
});

describe('a decision that breaks the protocol halts', () => {
  const prepared = () => {
    const network = withOptions(terms());
    return { network, operation: network.prepare(network.exerciseIntent(terms(), ONE_ETH)) };
  };
  const haltsWith = (over: (network: Network, operation: Prepared) => object) => {
    const { network, operation } = prepared();
    const draft = network.decision(operation, Outcome.commit, Reason.none, over(network, operation));
    return haltOf(() => network.block([draft]));
  };

  it('a second one, and one without PREPARE', () => {
    const { network, operation } = prepared();
    network.commit(operation);
    expect(haltOf(() => network.commit(operation))).toBe('HALT_DECISION_WITHOUT_PREPARE');
    expect(haltsWith(() => ({ operationId: new Uint8Array(32) }))).toBe('HALT_DECISION_WITHOUT_PREPARE');
  });

  it('a commit without all votes, with a foreign key, another prepare or block', () => {
    expect(haltsWith(() => ({ votes: [] }))).toBe('HALT_DECISION_INVALID');
    expect(haltsWith(() => ({ prepareId: new Uint8Array(32) }))).toBe('HALT_DECISION_INVALID');
    const votes = (change: (vote: Prepared['votes'][number]) => object, signer?: Uint8Array) =>
      haltsWith((network, operation) => ({
        votes: operation.votes.map((vote) => network.signVote({ ...vote, ...change(vote) }, signer)),
      }));
    expect(votes(() => ({}))).toBe('none');
    expect(votes(() => ({}), address(9))).toBe('HALT_DECISION_INVALID');
    expect(votes(() => ({ prepareBlockHash: new Uint8Array(32) }))).toBe('HALT_DECISION_INVALID');
    expect(votes(({ chainId }) => (chainId === 102 ? { yes: false, reason: Reason.quarantined } : {}))).toBe(
      'HALT_DECISION_INVALID',
    );
  });

  it('a commit of what this rollup refused', () => {
    const network = withOptions(terms());
    const refused = network.prepare(network.exerciseIntent(terms(), 11n * ONE_ETH));
    const votes = refused.votes.map((vote) => ({ ...vote, yes: true, reason: Reason.none }));
    expect(haltOf(() => network.commit({ ...refused, votes }))).toBe('HALT_COMMIT_WITHOUT_HOLD');
  });

  it('a PREPARE of what is undecided, and one that cannot be read', () => {
    const { network, operation } = prepared();
    const { intent } = operation.prepare;
    expect(haltOf(() => network.prepare(intent))).toBe('HALT_PREPARE_REPEATED');
    expect(haltOf(() => new Network().block([{ bytes: Uint8Array.of(3, 1, 2) }]))).toBe('HALT_ENTRY_UNREADABLE');
  });
});

describe('voting keys', () => {
  it('are those in force in PREPARE, whatever changed since', () => {
    const network = withOptions(terms());
    const prepared = network.prepare(network.exerciseIntent(terms(), ONE_ETH));
    network.block([network.change(RegistryAction.SET_ROLLUP_PAUSED, { chainId: position, value: true })]);
    const [operation] = [...network.ledger(exposure).operations()];
    expect(operation?.participants).toEqual(
      Object.values(CHAINS).map((chainId) => ({ chainId, votingKey: votingKey(chainId) })),
    );
    expect(events(network.commit(prepared))).toEqual(['101 posted', '102 posted', '103 posted', '104 posted']);
  });

  it('let a rollup that takes no part check a decision too', () => {
    const network = withOptions(terms());
    const prepared = network.prepare(network.writeIntent(terms(), ONE_ETH));
    expect(reasons(prepared)).toEqual(['101 none', '102 none', '103 none']);
    expect([...network.ledger(settlement).operations()]).toMatchObject([{ status: 1, legs: [] }]);
    expect(events(network.commit(prepared)).at(-1)).toBe('104 recorded');
  });
});
