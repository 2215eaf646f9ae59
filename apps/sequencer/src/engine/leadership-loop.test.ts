// Shows how a node takes leadership and gives it up: only a free lease, only when it may lead, the log read anew after each
// term; no error ends the loop.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Leadership } from '#libs/persistence';
import type { LeaderTerm } from './leader-term.js';
import { LeadershipLoop } from './leadership-loop.js';
import type { LogTail } from './log-tail.js';
import { SilentLogger } from './testing/silent-logger.js';
import { newState } from './testing/world.js';

const LEASE_MS = 3_000;
const URL = 'http://here';

/** A leadership row without a database. */
class FakeLeadership {
  epoch = 0;
  /** Whose it is; null: free. */
  url: string | null = null;
  takes = 0;
  renewals = 0;
  released: number[] = [];
  failing = false;
  /** Postgres is frozen: it does not answer until this ends. */
  frozen: Promise<void> | null = null;
  /** Another takes it first, as soon as it is tried. */
  contested = false;

  async current(): Promise<{ isExpired: boolean; url: string }> {
    if (this.frozen) await this.frozen;
    if (this.failing) throw new Error('Postgres is away');
    return { isExpired: this.url === null, url: this.url ?? '' };
  }
  take(_: string, url: string): Promise<{ epoch: number } | undefined> {
    this.takes += 1;
    if (this.contested) this.url = 'http://other';
    if (this.url !== null) return Promise.resolve(undefined);
    [this.url, this.epoch] = [url, this.epoch + 1];
    return Promise.resolve({ epoch: this.epoch });
  }
  renew(epoch: number): Promise<boolean> {
    this.renewals += 1;
    if (this.failing) return Promise.reject(new Error('Postgres is away'));
    return Promise.resolve(this.url === URL && epoch === this.epoch);
  }
  release(epoch: number): Promise<void> {
    this.released.push(epoch);
    if (this.failing) return Promise.reject(new Error('Postgres is away'));
    this.url = null;
    return Promise.resolve();
  }
}

/** A term that runs until it is stopped or ended. */
class FakeTerm {
  readonly state = newState();
  isOver = false;
  end: (how: string) => void = () => undefined;
  private readonly ended = new Promise<string>((resolve) => (this.end = resolve));

  stop(): void {
    this.end('stopped');
  }
  lose(): void {
    this.end('lost_leadership');
  }
  async run(): Promise<string> {
    const how = await this.ended;
    this.isOver = true;
    return how;
  }
}

let leadership: FakeLeadership;
let terms: FakeTerm[];
let tails: { catchUps: number; fails: boolean }[];
let order: string[];
let mayLead: Error | null;
let onLeading: () => Promise<void>;
let logger: SilentLogger;
let loop: LeadershipLoop;
let running: Promise<void>;

beforeEach(() => {
  vi.useFakeTimers();
  [leadership, terms, tails, order, mayLead, logger] = [new FakeLeadership(), [], [], [], null, new SilentLogger()];
  onLeading = () => Promise.resolve();
  loop = new LeadershipLoop(
    { holder: 'me', url: URL, leaseMs: LEASE_MS },
    {
      leadership: leadership as unknown as Leadership,
      logger: logger.port,
      openTail: () => {
        const tail = { catchUps: 0, fails: false };
        tails.push(tail);
        const catchUp = (): Promise<void> => {
          order.push(`read, epoch ${leadership.epoch}`);
          tail.catchUps += 1;
          return tail.fails ? Promise.reject(new Error('the log cannot be read')) : Promise.resolve();
        };
        return { state: newState(), catchUp } as unknown as LogTail;
      },
      assertMayLead: () => (mayLead ? Promise.reject(mayLead) : Promise.resolve()),
      beginTerm: (epoch) => {
        order.push(`begin ${epoch}`);
        terms.push(new FakeTerm());
        return Promise.resolve(terms.at(-1) as unknown as LeaderTerm);
      },
      onLeading: () => onLeading(),
      onTermEnd: () => order.push('end'),
    },
  );
});
afterEach(async () => {
  loop.stop();
  await after(0);
  await running;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const start = async (): Promise<void> => {
  running = loop.run();
  await after(0);
};

test('a free lease is taken: the epoch is raised first and the log read to its end after it', async () => {
  await start();
  expect(order).toEqual(['read, epoch 0', 'read, epoch 1', 'begin 1']);
  expect([loop.term, loop.leaderUrl]).toEqual([terms[0], null]);
});

test('a lease that another holds is not tried for; its holder is known, and the log followed', async () => {
  leadership.url = 'http://other';
  await start();
  await after(1_000);
  expect([leadership.takes, loop.leaderUrl, loop.term]).toEqual([0, 'http://other', null]);
  expect(tails[0]!.catchUps).toBeGreaterThanOrEqual(5);
  leadership.url = null;
  await after(200);
  expect(loop.term).toBe(terms[0]);
});

test('who has just handed over finds the next leader at once, before it has looked at the log again', async () => {
  await start();
  expect(await loop.findLeader()).toBeNull();
  loop.transfer();
  await after(0);
  expect([loop.term, await loop.findLeader()]).toEqual([null, null]);
  leadership.url = 'http://other';
  expect([loop.leaderUrl, await loop.findLeader()]).toEqual([null, 'http://other']);
  leadership.failing = true;
  expect(await loop.findLeader()).toBeNull();
});

test('while Postgres is frozen the search for the leader ends within a second', async () => {
  await start();
  loop.transfer();
  await after(0);
  let thaw = (): void => undefined;
  leadership.frozen = new Promise((resolve) => (thaw = resolve));
  let found: string | null | undefined;
  void loop.findLeader().then((url) => (found = url));
  await after(999);
  expect(found).toBeUndefined();
  await after(1);
  expect(found).toBeNull();
  thaw();
});

test('one that was slower stands by again', async () => {
  leadership.contested = true;
  await start();
  expect([leadership.takes, terms.length, leadership.released]).toEqual([1, 0, []]);
  await after(200);
  expect([leadership.takes, loop.leaderUrl]).toEqual([1, 'http://other']);
});

test('a node that may not lead leaves a free lease alone, says why once, and takes it once it may', async () => {
  mayLead = new Error('not a sequencer key');
  await start();
  await after(3_000);
  expect([leadership.takes, loop.term]).toEqual([0, null]);
  expect(logger.said).toEqual(['cannot follow or lead at the moment']);
  mayLead = null;
  await after(500);
  expect(loop.term).toBe(terms[0]);
});

test('a term that ends is cleaned up, its lease given back, and the log read into a fresh memory', async () => {
  await start();
  const memory = loop.state;
  leadership.contested = true;
  terms[0]!.lose();
  await after(0);
  expect([loop.term, leadership.released, order.at(-1)]).toEqual([null, [1], 'end']);
  expect([loop.state === memory, tails.length]).toEqual([false, 2]);
  leadership.contested = false;
  await after(200);
  leadership.url = null;
  await after(200);
  expect([leadership.epoch, loop.term]).toEqual([2, terms[1]]);
});

test('a term that ends by itself leaves a memory that is good: the log is not read from its beginning again', async () => {
  await start();
  const memory = loop.state;
  terms[0]!.end('cannot_write');
  await after(200);
  expect([loop.term, loop.state === memory, tails.length]).toEqual([terms[1], true, 1]);
});

test('after a transfer the others have a lease long to try first', async () => {
  expect(loop.transfer()).toBe(false);
  await start();
  expect(loop.transfer()).toBe(true);
  await after(LEASE_MS - 1);
  expect([leadership.released, leadership.takes, loop.term]).toEqual([[1], 1, null]);
  await after(201);
  expect(loop.term).toBe(terms[1]);
});

test('while Postgres is away it goes on trying, also when the lease cannot be given back', async () => {
  await start();
  leadership.failing = true;
  terms[0]!.lose();
  await after(5_000);
  expect([loop.term, order.filter((one) => one === 'end').length]).toEqual([null, 1]);
  [leadership.failing, leadership.url] = [false, null];
  await after(500);
  expect(loop.term).toBe(terms[1]);
});

test('a log that cannot be read after the epoch was raised gives the lease back and begins no term', async () => {
  leadership.url = 'http://other';
  await start();
  const take = leadership.take.bind(leadership);
  leadership.take = (...args) => {
    tails[0]!.fails = true;
    return take(...args);
  };
  leadership.url = null;
  await after(200);
  expect([terms.length, leadership.released, order.at(-1)]).toEqual([0, [1], 'end']);
  await after(500); // read into a fresh memory
  expect([leadership.epoch, terms.length]).toEqual([2, 1]);
});

test('the lease is renewed from when it was taken, also while the log is read and the term announced', async () => {
  let announced = (): void => undefined;
  onLeading = () => new Promise((resolve) => (announced = resolve));
  await start();
  await after(2 * LEASE_MS);
  expect([leadership.renewals, loop.term]).toEqual([6, null]);
  announced();
  await after(LEASE_MS);
  expect([leadership.renewals, loop.term]).toEqual([9, terms[0]]);
  terms[0]!.lose();
  await after(0);
  leadership.url = 'http://other';
  await after(LEASE_MS);
  expect(leadership.renewals).toBe(9);
});

test('a term whose lease another has taken ends, also one that was still being announced', async () => {
  let announced = (): void => undefined;
  onLeading = () => new Promise((resolve) => (announced = resolve));
  await start();
  leadership.url = 'http://other';
  await after(LEASE_MS);
  expect(logger.said).toEqual(['another node leads']);
  announced();
  await after(0);
  expect([terms[0]!.isOver, loop.term]).toEqual([true, null]);
});

test('a lease that cannot be renewed for now ends no term: the epoch in the head keeps leaders apart', async () => {
  await start();
  leadership.failing = true;
  await after(2 * LEASE_MS);
  expect([terms[0]!.isOver, loop.term]).toEqual([false, terms[0]]);
  leadership.failing = false;
});

test('a term that cannot be announced is ended, so that nothing renews its lease (I28)', async () => {
  onLeading = () => Promise.reject(new Error('Postgres is away'));
  await start();
  expect([terms[0]!.isOver, loop.term, leadership.released]).toEqual([true, null, [1]]);
  onLeading = () => Promise.resolve();
  await after(500);
  expect(loop.term).toBe(terms[1]);
});

test('stop ends the term, gives the lease back and ends the loop', async () => {
  await start();
  loop.stop();
  await after(0);
  await running;
  expect([terms[0]!.isOver, leadership.released, loop.term]).toEqual([true, [1], null]);
});

test('stop while leadership is being taken leads to no term that goes on', async () => {
  let announced = (): void => undefined;
  onLeading = () => new Promise((resolve) => (announced = resolve));
  await start();
  loop.stop();
  announced();
  await after(0);
  await running;
  expect([terms[0]!.isOver, leadership.released]).toEqual([true, [1]]);
});
