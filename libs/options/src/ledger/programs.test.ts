import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHAIN_IDS,
  EXPIRY_MS,
  hexOf,
  makeGenesis,
  Network,
  ONE_ETH,
  ONE_USD,
  PREPARE_MS_MAX,
  stubRecover,
  terms,
  WINDOW_MS,
} from '../testing/network.js';
import { withOptions } from '../testing/scenario.js';
import { Program, PROGRAM_TERMS, steps } from '../testing/program.js';
import { Store } from '../testing/store.js';
import { Ledger } from './ledger.js';

const makeNetwork = () => new Network(makeGenesis(PROGRAM_TERMS));
const programs = fc.array(steps, { maxLength: 60, size: 'max' });
const runs = { numRuns: 40 };

const holdings = (ledger: Ledger) => [
  ...ledger.balances(),
  ...ledger.positions(),
  ...ledger.exposures(),
  ...ledger.collateral(),
];

/** Everything that is held by anyone, whichever slot it lies in. */
const byOwner = (ledger: Ledger): string[] =>
  holdings(ledger)
    .filter(({ available, held }) => available !== 0n || held !== 0n)
    .map((row) =>
      JSON.stringify(row, (key, value: unknown) =>
        key === 'slot' ? undefined : typeof value === 'bigint' ? String(value) : value,
      ),
    )
    .sort();

describe('after any program', () => {
  it('assets are conserved, longs equal shorts and nothing is negative, after every block (I19)', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const network = makeNetwork();
        const { assets } = network.sums();
        const run = new Program(network);
        for (const step of program) {
          run.run(step);
          const sums = network.sums();
          expect(sums.assets).toEqual(assets);
          expect(sums.longs).toEqual(sums.shorts);
        }
        for (const ledger of network.ledgers.values()) {
          expect(holdings(ledger).filter(({ available, held }) => available < 0n || held < 0n)).toEqual([]);
        }
      }),
      runs,
    );
  });

  it('leaving out every transaction that was reverted changes no balance and no position (I29)', () => {
    let leftOut = 0;
    fc.assert(
      fc.property(programs, (program) => {
        const free = program.map((step) => (step.kind === 'transfer' ? { ...step, tip: 0n } : step)); // no fees
        const whole = new Program(makeNetwork());
        for (const step of free) whole.run(step);
        const rest = new Program(makeNetwork(), whole.reverted);
        for (const step of free) rest.run(step);
        leftOut += whole.reverted.size;
        expect(rest.reverted.size).toBe(0);
        const [ledgers, others] = [whole, rest].map(({ network }) => [...network.ledgers.values()]);
        expect(others!.map(byOwner)).toEqual(ledgers!.map(byOwner));
      }),
      runs,
    );
    expect(leftOut).toBeGreaterThan(0);
  });

  it('nothing is held at rest (I20), and clearing gives back all collateral', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const network = makeNetwork();
        const { assets } = network.sums();
        const run = new Program(network);
        for (const step of program) run.run(step);
        run.settle();
        for (const ledger of network.ledgers.values()) {
          expect([...ledger.operations()]).toEqual([]);
          expect(holdings(ledger).filter(({ held }) => held > 0n)).toEqual([]);
        }
        const allClearedMs = EXPIRY_MS + WINDOW_MS + PREPARE_MS_MAX + 1;
        network.block([], Math.max(network.timestampMs, allClearedMs));
        for (const ledger of network.ledgers.values()) {
          expect([...ledger.positions(), ...ledger.exposures(), ...ledger.collateral()]).toEqual([]);
        }
        expect(network.sums().assets).toEqual(assets);
      }),
      runs,
    );
  });

  it('a replay has the same roots, whenever they are asked for (I15)', () => {
    fc.assert(
      fc.property(programs, fc.nat(5), (program, every) => {
        const network = makeNetwork();
        const run = new Program(network);
        for (const step of program) run.run(step);
        const replayed = network.freshLedgers();
        for (const [number, { perChain }] of network.blocks.entries()) {
          for (const [chainId, ledger] of replayed) {
            ledger.applyBlock(perChain.get(chainId)!);
            if (every > 0 && number % every === 0) ledger.stateRoot();
          }
        }
        expect([...replayed.values()].map((ledger) => hexOf(ledger.stateRoot()))).toEqual(network.roots());
      }),
      runs,
    );
  });

  it('a ledger loaded from its store has the same root and goes on alike', () => {
    fc.assert(
      fc.property(programs, programs, (before, after) => {
        const network = makeNetwork();
        const run = new Program(network);
        const stores = new Map([...network.ledgers.keys()].map((chainId) => [chainId, new Store()]));
        for (const step of before) {
          run.run(step);
          for (const [chainId, store] of stores) store.save(network.ledger(chainId));
        }
        for (const [chainId, store] of stores) store.save(network.ledger(chainId));
        const loaded = new Map([...stores].map(([chainId, store]) => [chainId, store.load(network, chainId)]));
        const rootsOf = (ledgers: Map<number, Ledger>) =>
          [...ledgers.values()].map((ledger) => hexOf(ledger.stateRoot()));
        expect(rootsOf(loaded)).toEqual(network.roots());
        const stored = network.blocks.length;
        for (const step of after) run.run(step);
        for (const { perChain } of network.blocks.slice(stored)) {
          for (const [chainId, ledger] of loaded) ledger.applyBlock(perChain.get(chainId)!);
        }
        expect(rootsOf(loaded)).toEqual(network.roots());
        for (const [chainId, ledger] of loaded) {
          expect(ledger.meta()).toEqual(network.ledger(chainId).meta());
          expect(ledger.registry).toEqual(network.ledger(chainId).registry);
        }
      }),
      runs,
    );
  });
});

describe('a store', () => {
  it.each([false, true])('keeps the price that an exercise counts by (European: %s)', (isEuropean) => {
    const of = terms({ isEuropean });
    const network = withOptions(of);
    if (isEuropean) network.block([network.price(2n, 2_500n * ONE_USD)], EXPIRY_MS);
    for (const chainId of CHAIN_IDS) {
      const store = new Store();
      store.save(network.ledger(chainId));
      network.ledgers.set(chainId, store.load(network, chainId));
    }
    const { votes } = network.prepare(network.exerciseIntent(of, ONE_ETH));
    expect(votes.map(({ yes }) => yes)).toEqual([true, true, true, true]);
  });

  it('of another rollup, log or version is refused', () => {
    const network = makeNetwork();
    const ports = { recover: stubRecover };
    const ledger = network.ledger(101);
    const records = ledger.takeChanges() as { table: string; slot: number; bytes: Uint8Array }[];
    const meta = ledger.meta();
    expect(Ledger.load(network.genesis, 101, ports, meta, records).number).toBe(0);
    expect(() => Ledger.load(network.genesis, 102, ports, meta, records)).toThrow('another log or rollup');
    expect(() => Ledger.load(makeGenesis(), 101, ports, meta, records)).toThrow('another log or rollup');
    expect(() => Ledger.load(network.genesis, 101, ports, meta, [])).toThrow('no registry');
    meta[0] = 2;
    expect(() => Ledger.load(network.genesis, 101, ports, meta, records)).toThrow('stored in version 2');
  });
});

describe('a genesis', () => {
  it('that could overflow, or names what it does not list, is refused', () => {
    const genesis = makeGenesis();
    const start = (over: Partial<typeof genesis>) =>
      Ledger.fromGenesis({ ...genesis, ...over }, 101, { recover: stubRecover });
    const [balance] = genesis.balances;
    const { assets } = genesis.registry;
    expect(() => start({ balances: [{ ...balance!, amount: 2n ** 128n - 1n }] })).not.toThrow();
    expect([...start({ balances: [{ ...balance!, amount: 0n }] }).balances()]).toEqual([]);
    expect(() => start({ balances: [{ ...balance!, amount: 2n ** 128n }] })).toThrow('at most 2^128');
    expect(() => start({ balances: [{ ...balance!, asset: new Uint8Array(20) }] })).toThrow('does not list');
    expect(() =>
      start({ registry: { ...genesis.registry, assets: [...assets, { ...assets[0]!, decimals: 39 }] } }),
    ).toThrow('39 decimals');
  });

  it('gives a rollup that joins later nothing', () => {
    const joined = Ledger.fromGenesis(makeGenesis(), 999, { recover: stubRecover });
    expect([...joined.balances()]).toEqual([]);
  });
});
