import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NonceItem, NoncePool } from './nonce-pool.js';

interface Item extends NonceItem {
  account: string;
}

const PARKED_MAX = 3;
const ACCOUNTS = ['84001:a', '84001:b', '84002:a'];

interface ModelAccount {
  expected: bigint;
  parked: Item[];
  /** Nonces handed out as ready and not given back, in that order. */
  ready: bigint[];
}

/** What the pool should know, written as plainly as possible. */
interface Model {
  accounts: Map<string, ModelAccount>;
  /** How often each item was handed out as ready. */
  readyCounts: Map<Item, number>;
}

const accountOf = (model: Model, name: string): ModelAccount => model.accounts.get(name)!;
const knows =
  (name: string) =>
  (model: Readonly<Model>): boolean =>
    model.accounts.has(name);

class LearnCommand implements fc.Command<Model, NoncePool<Item>> {
  constructor(
    readonly name: string,
    readonly nextNonce: bigint,
  ) {}
  check = (): boolean => true;
  run(model: Model, pool: NoncePool<Item>): void {
    pool.learn(this.name, this.nextNonce);
    if (!model.accounts.has(this.name)) {
      model.accounts.set(this.name, { expected: this.nextNonce, parked: [], ready: [] });
    }
    expect(pool.knows(this.name)).toBe(true);
    expect(pool.expected(this.name)).toBe(accountOf(model, this.name).expected);
  }
  toString = (): string => `learn(${this.name}, ${this.nextNonce})`;
}

class OfferCommand implements fc.Command<Model, NoncePool<Item>> {
  readonly check: (model: Readonly<Model>) => boolean;
  constructor(
    readonly name: string,
    readonly offset: number,
  ) {
    this.check = knows(name);
  }
  run(model: Model, pool: NoncePool<Item>): void {
    const account = accountOf(model, this.name);
    const { expected, parked } = account;
    const nonce = expected + BigInt(this.offset);
    if (nonce < 0n) return;
    const item: Item = { account: this.name, nonce };
    const verdict = pool.offer(this.name, item);
    const waiting = parked.find((one) => one.nonce === nonce);
    if (nonce < expected) {
      expect(verdict).toEqual({ status: 'too_low', expected });
    } else if (nonce === expected) {
      this.expectReady(model, account, item, verdict);
    } else if (waiting) {
      expect(verdict.status === 'taken' && verdict.by).toBe(waiting);
    } else if (parked.length >= PARKED_MAX) {
      expect(verdict).toEqual({ status: 'full', expected });
    } else {
      expect(verdict).toEqual({ status: 'parked', expected });
      parked.push(item);
    }
    expect(pool.expected(this.name)).toBe(account.expected);
  }
  /** This one and the parked ones behind it, without a gap (I5); none of them for the second time. */
  private expectReady(model: Model, account: ModelAccount, item: Item, verdict: unknown): void {
    const items = [item];
    for (;;) {
      const next = account.parked.findIndex(({ nonce }) => nonce === item.nonce + BigInt(items.length));
      if (next < 0) break;
      items.push(...account.parked.splice(next, 1));
    }
    expect(verdict).toEqual({ status: 'ready', items });
    const returned = (verdict as { items: Item[] }).items;
    for (const [at, one] of returned.entries()) {
      expect(one).toBe(items[at]);
      expect(model.readyCounts.get(one) ?? 0).toBe(0);
      model.readyCounts.set(one, 1);
      account.ready.push(one.nonce);
    }
    account.expected = item.nonce + BigInt(items.length);
    account.ready.forEach((nonce, at) => expect(nonce).toBe(account.ready[0]! + BigInt(at)));
    expect(account.ready.at(-1)).toBe(account.expected - 1n);
  }
  toString = (): string => `offer(${this.name}, expected${this.offset < 0 ? '' : '+'}${this.offset})`;
}

class WithdrawCommand implements fc.Command<Model, NoncePool<Item>> {
  readonly check: (model: Readonly<Model>) => boolean;
  constructor(
    readonly name: string,
    readonly pick: number,
    readonly isStranger: boolean,
  ) {
    this.check = knows(name);
  }
  run(model: Model, pool: NoncePool<Item>): void {
    const account = accountOf(model, this.name);
    const parked = account.parked[this.pick % Math.max(1, account.parked.length)];
    if (!parked) return;
    // Another transaction with the same nonce, one that was refused, takes nothing away.
    const item = this.isStranger ? { ...parked } : parked;
    expect(pool.withdraw(this.name, item)).toBe(account.expected);
    if (!this.isStranger) account.parked.splice(account.parked.indexOf(parked), 1);
  }
  toString = (): string => `withdraw(${this.name}, ${this.pick}${this.isStranger ? ', stranger' : ''})`;
}

/** The newest `count` ready ones are not placed; told in any order. */
class GiveBackCommand implements fc.Command<Model, NoncePool<Item>> {
  readonly check: (model: Readonly<Model>) => boolean;
  constructor(
    readonly name: string,
    readonly count: number,
    readonly isReversed: boolean,
  ) {
    this.check = knows(name);
  }
  run(model: Model, pool: NoncePool<Item>): void {
    const account = accountOf(model, this.name);
    const nonces = account.ready.splice(Math.max(0, account.ready.length - this.count));
    for (const nonce of this.isReversed ? nonces.toReversed() : nonces) pool.giveBack(this.name, nonce);
    account.expected = nonces[0] ?? account.expected;
    expect(pool.expected(this.name)).toBe(account.expected);
  }
  toString = (): string => `giveBack(${this.name}, ${this.count})`;
}

class ClearCommand implements fc.Command<Model, NoncePool<Item>> {
  check = (): boolean => true;
  run(model: Model, pool: NoncePool<Item>): void {
    const parked = [...model.accounts.values()].flatMap((account) => account.parked);
    const cleared = pool.clear();
    expect(cleared).toHaveLength(parked.length);
    expect(new Set(cleared)).toEqual(new Set(parked));
    model.accounts.clear();
    for (const name of ACCOUNTS) expect(pool.knows(name)).toBe(false);
  }
  toString = (): string => 'clear()';
}

const name = fc.constantFrom(...ACCOUNTS);
const offer = (min: number, max: number) =>
  fc.tuple(name, fc.integer({ min, max })).map(([one, offset]) => new OfferCommand(one, offset));
const commands = fc.commands<Model, NoncePool<Item>>(
  [
    ...[offer(0, 3), offer(0, 3), offer(1, 4), offer(-2, 5)],
    fc.tuple(name, fc.bigInt(0n, 5n)).map(([one, nonce]) => new LearnCommand(one, nonce)),
    fc.tuple(name, fc.bigInt(0n, 5n)).map(([one, nonce]) => new LearnCommand(one, nonce)),
    fc.tuple(name, fc.nat(5), fc.boolean()).map(([one, pick, stranger]) => new WithdrawCommand(one, pick, stranger)),
    fc.tuple(name, fc.nat(4), fc.boolean()).map(([one, count, reversed]) => new GiveBackCommand(one, count, reversed)),
    fc.nat(9).map((pick) => (pick === 0 ? new ClearCommand() : new OfferCommand(ACCOUNTS[0]!, 0))),
  ],
  { maxCommands: 150, size: 'max' },
);

describe('NoncePool', () => {
  it('hands out each nonce of an account in turn and each item once, whatever the order of arrival (I5)', () => {
    fc.assert(
      fc.property(commands, (steps) => {
        const setup = () => ({
          model: { accounts: new Map(), readyCounts: new Map() },
          real: new NoncePool<Item>(PARKED_MAX),
        });
        fc.modelRun(setup, steps);
      }),
      { numRuns: 500 },
    );
  });

  it('places any permutation of nonces in order', () => {
    const permutation = fc.shuffledSubarray([0n, 1n, 2n, 3n, 4n, 5n], { minLength: 6 });
    fc.assert(
      fc.property(permutation, (nonces) => {
        const pool = new NoncePool<NonceItem>(8);
        pool.learn('a', 0n);
        const placed = nonces.flatMap((nonce) => {
          const verdict = pool.offer('a', { nonce });
          return verdict.status === 'ready' ? verdict.items : [];
        });
        expect(placed.map(({ nonce }) => nonce)).toEqual([0n, 1n, 2n, 3n, 4n, 5n]);
      }),
    );
  });

  it('frees a parking place when its caller gives up', () => {
    const pool = new NoncePool<NonceItem>(1);
    pool.learn('a', 0n);
    const early = { nonce: 2n };
    expect(pool.offer('a', early).status).toBe('parked');
    expect(pool.offer('a', { nonce: 3n })).toEqual({ status: 'full', expected: 0n });
    expect(pool.withdraw('a', early)).toBe(0n);
    expect(pool.offer('a', { nonce: 3n }).status).toBe('parked');
  });

  it('does not answer for an account whose next nonce it has not learnt', () => {
    const pool = new NoncePool<NonceItem>(1);
    expect(pool.expected('a')).toBeUndefined();
    expect(() => pool.offer('a', { nonce: 0n })).toThrow(RangeError);
    expect(() => pool.withdraw('a', { nonce: 0n })).toThrow(RangeError);
  });

  it('lets nothing be placed behind a nonce that was given back, and ignores a stale giving back (I5)', () => {
    const pool = new NoncePool<NonceItem>(8);
    pool.learn('a', 5n);
    pool.offer('a', { nonce: 5n });
    pool.offer('a', { nonce: 6n });
    const before = pool.generation('a');
    pool.giveBack('a', 5n, before);
    expect(pool.generation('a')).not.toBe(before);
    expect(pool.expected('a')).toBe(5n);
    pool.offer('a', { nonce: 5n });
    pool.offer('a', { nonce: 6n });
    pool.giveBack('a', 6n, before);
    expect(pool.expected('a')).toBe(7n);
  });

  it('lets what stands before a gap be placed: it may be in a block whose write is under way (I5)', () => {
    const pool = new NoncePool<NonceItem>(8);
    pool.learn('a', 5n);
    for (const nonce of [5n, 6n, 7n]) pool.offer('a', { nonce });
    const generation = pool.generation('a');
    pool.giveBack('a', 6n, generation);
    pool.giveBack('a', 7n, generation);
    expect([5n, 6n, 7n].map((nonce) => pool.mayPlace('a', nonce, generation))).toEqual([true, false, false]);
    expect(pool.expected('a')).toBe(6n);
    // The write failed and the first is refused as well: what took the second's nonce meanwhile must not be placed.
    pool.offer('a', { nonce: 6n });
    const later = pool.generation('a');
    pool.giveBack('a', 5n, generation);
    expect(pool.expected('a')).toBe(5n);
    expect(pool.mayPlace('a', 6n, later)).toBe(false);
  });

  it('forgets an account only while nothing of it is parked', () => {
    const pool = new NoncePool<NonceItem>(8);
    pool.learn('a', 0n);
    pool.offer('a', { nonce: 1n });
    pool.forget('a');
    expect(pool.knows('a')).toBe(true);
    pool.offer('a', { nonce: 0n });
    pool.forget('a');
    expect(pool.knows('a')).toBe(false);
  });
});
