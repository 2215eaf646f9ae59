// Shows that nonces in the log are contiguous for each (chain id, sender) (I5), and that nobody is left without an answer
// or stuck, whatever is refused: paused rollups, full queues, spent budgets, nonces too early, failed and unknown writes,
// leaders that cannot write, terms that end while signatures are recovered.
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bytesToHex } from '#libs/protocol';
import type { BuiltBlock } from './block-builder.js';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { SubmissionError } from './submission-error.js';
import { build, settle } from './testing/build.js';
import { rawTransaction, recoverSenders } from './testing/raw-transaction.js';
import { SilentLogger } from './testing/silent-logger.js';
import { A, address, B, newState, pausedRegistry } from './testing/world.js';
import { accountKey, TransactionDesk } from './transaction-desk.js';

const ACCOUNTS = [A, B].flatMap((chainId) => [1, 2].map((sender) => ({ chainId, sender })));
const NONCE_GAP_MS = 50;

type Action =
  /** Nonces relative to the next one that the desk would take. */
  | { do: 'submit'; account: number; offsets: number[]; recoveryMs: number }
  | { do: 'build' }
  | { do: 'end'; how: 'written' | 'absent' | 'lost, written' | 'lost, absent' }
  | { do: 'refuseAll' }
  | { do: 'pause'; paused: boolean }
  /** A pause for one block, so that it refuses the first of those that wait and the next block judges the rest. */
  | { do: 'blip' }
  | { do: 'wait'; ms: number };

const constant = <T extends string>(value: T): fc.Arbitrary<T> => fc.constant(value);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: constant('submit'),
      account: fc.nat(ACCOUNTS.length - 1),
      offsets: fc.oneof(
        fc.constant<number[]>([0, 1, 2, 3]),
        fc.array(fc.integer({ min: -2, max: 3 }), { minLength: 1, maxLength: 4 }),
      ),
      recoveryMs: fc.constantFrom(0, 0, 0, 5, 20),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: constant('build') }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: constant('end'),
      how: fc.constantFrom('written', 'written', 'absent', 'lost, written', 'lost, absent'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: constant('refuseAll') }) },
  { weight: 2, arbitrary: fc.record({ do: constant('blip') }) },
  { weight: 2, arbitrary: fc.record({ do: constant('pause'), paused: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: constant('wait'), ms: fc.constantFrom(1, 10, 60) }) },
);

/** A leader as far as transactions are concerned, with a log and one write at a time. */
class World {
  readonly state: LogState = newState();
  readonly log: { account: string; nonce: bigint; hash: string }[] = [];
  readonly answers: { hash: string; said: string | null }[] = [];
  private readonly queue = new IntakeQueue(8, () => undefined);
  private readonly desk: TransactionDesk;
  private writing: BuiltBlock | null = null;
  private recoveryMs = 0;
  private value = 0n;

  constructor() {
    this.desk = new TransactionDesk(
      { nonceGapMs: NONCE_GAP_MS, openPerSenderMax: 6 },
      {
        queue: this.queue,
        registry: () => this.state.registry,
        isDraining: () => false,
        recover: async (records) => {
          await sleep(this.recoveryMs);
          return recoverSenders(records);
        },
        nextNonces: async (accounts) => {
          const nonces = accounts.map(({ chainId, sender }) => this.logged(accountKey(chainId, sender)));
          await sleep(this.recoveryMs);
          return nonces;
        },
        logger: new SilentLogger(),
        isInLog: (id) => Promise.resolve(this.log.some(({ hash }) => hash === bytesToHex(id))),
      },
    );
  }

  logged(account: string): bigint {
    return BigInt(this.log.filter((entry) => entry.account === account).length);
  }

  async submit(account: number, offsets: number[], recoveryMs = 0): Promise<void> {
    const { chainId, sender } = ACCOUNTS[account]!;
    this.recoveryMs = 0;
    const next = await this.desk.nextNonce(chainId, address(sender));
    this.recoveryMs = recoveryMs;
    const raws = offsets.map((offset) => {
      const nonce = next + BigInt(offset) > 0n ? next + BigInt(offset) : 0n;
      return rawTransaction({ nonce, sender, chainId, value: (this.value += 1n) });
    });
    const answers = raws.map(() => ({ hash: '', said: null as string | null }));
    this.answers.push(...answers);
    void this.desk.submit(chainId, raws).then((results) =>
      results.forEach((result, index) => {
        answers[index]!.said = 'hash' in result ? 'durable' : result.error.code;
        if ('hash' in result) answers[index]!.hash = bytesToHex(result.hash);
      }),
    );
  }

  async run(action: Action): Promise<void> {
    if (action.do === 'submit') await this.submit(action.account, action.offsets, action.recoveryMs);
    if (action.do === 'build' && !this.writing) this.writing = build(this.state, this.queue, { candidatesMax: 2 });
    if (action.do === 'end') this.end(action.how);
    if (action.do === 'refuseAll') this.queue.refuseAll(SubmissionError.cannotWrite());
    if (action.do === 'blip') {
      for (const paused of [true, false]) {
        this.state.registry = pausedRegistry(paused);
        this.end('written');
        this.writing = build(this.state, this.queue, { candidatesMax: 2 });
      }
    }
    if (action.do === 'pause') this.state.registry = pausedRegistry(action.paused);
    if (action.do === 'wait') await vi.advanceTimersByTimeAsync(action.ms);
    else await microtasks();
  }

  private end(how: 'written' | 'absent' | 'lost, written' | 'lost, absent'): void {
    const { writing, queue } = this;
    if (!writing) return;
    this.writing = null;
    if (how.endsWith('written')) this.append(writing);
    if (how === 'written') settle(this.state, writing);
    else queue.putBack(writing.placed.map(({ candidate }) => candidate));
    if (!how.startsWith('lost')) return;
    queue.refuseAll(SubmissionError.notLeading());
    this.desk.reset(SubmissionError.notLeading());
    if (how.endsWith('written')) this.state.tip = writing.sealed.nextTip;
  }

  private append({ sealed }: BuiltBlock): void {
    for (const { lane, sender, nonce, id } of sealed.entries) {
      const account = accountKey(lane, sender!);
      expect(nonce, `I5: the next nonce of ${account}`).toBe(this.logged(account));
      this.log.push({ account, nonce: nonce!, hash: bytesToHex(id) });
    }
  }

  /** More blocks than what is open can fill. */
  private async appendAll(): Promise<void> {
    for (let round = 0; round < 25; round++) {
      await this.run({ do: 'end', how: 'written' });
      await this.run({ do: 'build' });
    }
    await this.run({ do: 'end', how: 'written' });
  }

  /** Everything works again: whatever is open ends, and each account's next transaction is placed. */
  async heal(): Promise<void> {
    await this.run({ do: 'pause', paused: false });
    for (let round = 0; round < 2; round++) {
      await this.run({ do: 'wait', ms: NONCE_GAP_MS + 10 }); // signatures are recovered, then gaps given up
      await this.appendAll();
    }
    expect(this.answers.filter(({ said }) => said === null)).toEqual([]);
    expect(this.desk.openCount).toBe(0);
    const before = ACCOUNTS.map(({ chainId, sender }) => this.logged(accountKey(chainId, address(sender))));
    for (const account of ACCOUNTS.keys()) await this.submit(account, [0]);
    await this.appendAll();
    const after = ACCOUNTS.map(({ chainId, sender }) => this.logged(accountKey(chainId, address(sender))));
    expect(after).toEqual(before.map((nonce) => nonce + 1n));
  }
}

async function microtasks(): Promise<void> {
  for (let count = 0; count < 20; count++) await Promise.resolve();
}

const sleep = (ms: number): Promise<void> | undefined =>
  ms === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('whatever is refused and whichever write fails, the log has each nonce once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const world = new World();
      for (const one of actions) await world.run(one);
      await world.heal();
      const hashes = world.log.map(({ hash }) => hash);
      for (const { said, hash } of world.answers) if (said === 'durable') expect(hashes).toContain(hash);
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 150 },
  );
});
