// Shows what an executor tells the admin API: operations step by step with amounts, positions, pools, clock, logs.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testSigner } from '#libs/executor-sdk';
import { bytesToHex, Decision, encodeEntry, EntryKind, Outcome, Reason, seriesId, SignedVote } from '#libs/protocol';
import { waitFor } from '#libs/testkit';
import { callTerms, commit, listSeries, prepareWrite, yesOf } from './fixtures/operations.js';
import { type Account, Rig, type TestExecutor } from './fixtures/rig.js';
import { ExecutorStore } from './store/executor-store.js';
import { StepType } from './store/operation-record.js';

interface Operation {
  status: string;
  vote: { yes: boolean; signature: string } | null;
  steps: { step: string; block: number; timestampMs: number; sequence: string | null; reason: string | null }[];
  legs: { account: string; direction: string; amount: string; changes: unknown[] }[];
}

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.start();
});
afterEach(() => rig.stop());

const address = (name: Account): string => bytesToHex(testSigner(name).address);
const FUNDS = 10n ** 24n;
const ONE = 10n ** 18n;

/** Lists a series and prepares a write of one option from alice to bob; gives its votes' own one and how to commit. */
async function prepareOne(chainId: number, quantity = ONE) {
  const votes = await rig.listen(`vote.${chainId}`);
  const terms = callTerms(rig.log);
  rig.log.append([listSeries(rig.log, terms)]);
  const { entry, prepare, prepareId } = prepareWrite(rig.log, terms, { quantity });
  rig.log.append([entry]);
  await waitFor('a vote', () => votes.length > 0, 10_000);
  const own = SignedVote.deserialize(votes[0]!);
  const commitAll = (): void => {
    const all = [7, 8, 9].map((id) => (id === chainId ? own : SignedVote.deserialize(yesOf(own.vote, id))));
    rig.log.append([commit(prepare, prepareId, all)]);
  };
  return { terms, prepare, prepareId, own, commitAll, id: bytesToHex(prepare.operationId) };
}

const operation = (id: string, chainId: number): Promise<Operation> => rig.result('operation', [{ id }], chainId);

describe('an operation', () => {
  it('that commits has its legs with amounts before and after each step, and the own vote', async () => {
    await rig.executor({ chainId: 8 });
    const { id, own, commitAll } = await prepareOne(8);
    const [funds, rest, amount] = [FUNDS, FUNDS - ONE, ONE].map(String);
    const held = {
      step: 'held',
      before: { available: funds, held: '0' },
      after: { available: rest, held: amount },
    };
    expect(await operation(id, 8)).toMatchObject({
      chainId: 8,
      id,
      kind: 'write',
      status: 'held',
      participants: [7, 8, 9],
      vote: { yes: true, reason: null, signature: bytesToHex(own.signature) },
      steps: [{ step: 'held', block: 2, blockHash: bytesToHex(rig.log.blocks[1]!.hash), sequence: '2', reason: null }],
    });
    commitAll();
    const committed = await operation(id, 8);
    expect(committed.status).toBe('posted');
    expect(committed.steps.map(({ step, block, sequence }) => [step, block, sequence])).toEqual([
      ['held', 2, '2'],
      ['posted', 3, '3'],
    ]);
    expect(committed.steps[1]!.timestampMs).toBe(rig.log.timestamp);
    const debit = committed.legs.find(({ direction }) => direction === 'hold')!;
    expect(debit).toMatchObject({ account: 'balance', owner: address('alice'), amount });
    expect(debit.changes).toEqual([
      held,
      { step: 'posted', before: held.after, after: { available: rest, held: '0' } },
    ]);
    const short = committed.legs.find(({ account }) => account === 'exposure')!;
    expect(short.changes[1]).toEqual({
      step: 'posted',
      before: { available: '0', held: '0' },
      after: { available: amount, held: '0' },
    });
    const { rows } = await rig.result<{ rows: object[] }>('positions', [{ side: 'short' }], 8);
    expect(rows).toMatchObject([{ backer: address('alice'), available: amount, held: '0' }]);
    const locked = await rig.result('positions', [{ side: 'collateral', account: address('alice') }], 8);
    expect(locked).toMatchObject({ rows: [{ available: amount }], nextCursor: null });
  });

  it('that is refused says what was there; an abort moves nothing', async () => {
    await rig.executor({ chainId: 8 });
    const { id, prepare, prepareId, own } = await prepareOne(8, 2n * FUNDS);
    const decision: Decision = {
      operationId: prepare.operationId,
      prepareId,
      outcome: Outcome.abort,
      reason: Reason.insufficient_collateral,
      votes: [own],
      auditId: 0n,
    };
    rig.log.append([{ bytes: encodeEntry(EntryKind.DECISION, Decision.serialize(decision)) }]);
    const unchanged = { available: String(FUNDS), held: '0' };
    const refused = await operation(id, 8);
    expect(refused).toMatchObject({
      status: 'recorded',
      vote: { yes: false, reason: 'insufficient_collateral' },
      steps: [
        { step: 'refused', reason: 'insufficient_collateral' },
        { step: 'recorded', reason: 'insufficient_collateral' },
      ],
    });
    expect(refused.legs.find(({ direction }) => direction === 'hold')!.changes).toEqual([
      { step: 'refused', before: unchanged, after: unchanged },
    ]);
  });

  it('that expires says when its holds were voided, also after a restart; a replica keeps it without a vote', async () => {
    const first = await rig.executor({ chainId: 8 });
    const { id, prepare } = await prepareOne(8);
    await first.stop();
    await rig.executor({ chainId: 8, dataDir: first.dataDir });
    await rig.executor({ chainId: 8, role: 'replica' });
    rig.log.append([], { advanceMs: prepare.deadlineMs + 1 - rig.log.timestamp });
    const expired = await operation(id, 8);
    expect(expired).toMatchObject({ status: 'expired', vote: { yes: true } });
    expect(expired.steps).toMatchObject([
      { step: 'held', block: 2 },
      { step: 'expired', block: 3, sequence: null, reason: 'expired' },
    ]);
    const answer = await rig.read<Operation>('operation', [{ id }], { minHeight: 3 }, 8, 'replica');
    expect(answer.result).toEqual({ ...expired, vote: null });
  });

  it('that does not concern the rollup, or is not known, is null', async () => {
    await rig.executor();
    expect(await operation(`0x${'11'.repeat(32)}`, 7)).toBeNull();
    expect(await rig.read('operation', [{ id: '0x12' }])).toMatchObject({ error: { code: -32602 } });
  });
});

describe('the store', () => {
  it('keeps the newest records only, also across a restart', async () => {
    const running = await rig.executor();
    const { dataDir, executor } = running;
    await running.stop();
    const record = (n: number) => ({
      operationId: new Uint8Array(32).fill(n),
      prepareId: new Uint8Array(32),
      kind: 1,
      participants: [7],
      deadlineMs: 1,
      legs: [],
      vote: new Uint8Array(0),
      steps: [
        {
          type: StepType.held,
          blockNumber: n,
          blockHash: new Uint8Array(32),
          timestampMs: 1,
          sequence: BigInt(n),
          reason: 0,
          amounts: [],
        },
      ],
    });
    const empty = { meta: new Uint8Array(1), changes: [], receipts: [], votes: [], settledVotes: [] };
    for (const numbers of [[1, 2, 3, 4], [5]]) {
      const store = await ExecutorStore.open(dataDir, 7, 3);
      for (const n of numbers) {
        const cursor = { ...executor.cursor, number: n };
        await store.write({ ...empty, cursor, operations: [record(n)] });
      }
      const kept = await Promise.all([1, 2, 3, 4, 5].map((n) => store.operations.find(new Uint8Array(32).fill(n))));
      const newest = numbers.at(-1)!;
      expect(kept.map((found) => found?.steps[0]!.blockNumber ?? null)).toEqual(
        [1, 2, 3, 4, 5].map((n) => (n > newest - 3 && n <= newest ? n : null)),
      );
      await store.close();
    }
  });
});

describe('pages', () => {
  let chain7: TestExecutor;
  beforeEach(async () => {
    chain7 = await rig.executor();
  });

  it('of balances hold every row once, in order; an account has its own', async () => {
    rig.log.append([await rig.transfer('alice', 'bob', 5n)]);
    interface BalancePage {
      rows: { owner: string; available: string }[];
      nextCursor: string | null;
    }
    const rows: BalancePage['rows'] = [];
    let cursor: string | null = '0';
    while (cursor !== null) {
      const page: BalancePage = await rig.result('balances', [{ cursor, limit: 2 }]);
      expect(page.rows.length).toBeLessThanOrEqual(2);
      rows.push(...page.rows);
      cursor = page.nextCursor;
    }
    const whole = await rig.result<{ balances: unknown[] }>('lockstep_state', [{ rows: true }]);
    expect(rows).toEqual(whole.balances);
    expect(await rig.result('account', [{ account: address('alice') }])).toMatchObject({
      number: 1,
      account: address('alice'),
      nonce: '1',
      balances: [{ symbol: 'ETH', held: '0' }, { symbol: 'USD' }],
    });
  });

  it('of positions are found by account and series', async () => {
    const { commitAll, terms } = await prepareOne(7);
    commitAll();
    const series = bytesToHex(seriesId(terms));
    const long = { holder: address('bob'), series, backer: address('alice'), available: String(ONE), held: '0' };
    expect(await rig.result('positions', [{ account: address('bob') }])).toMatchObject({ rows: [long] });
    expect(await rig.result('positions', [{ series }])).toMatchObject({ rows: [long] });
    expect(await rig.result('positions', [{ account: address('alice') }])).toMatchObject({ rows: [] });
    expect(await rig.result('positions', [{ series: `0x${'11'.repeat(32)}` }])).toMatchObject({ rows: [] });
    expect(await rig.read('positions', [{ side: 'both' }])).toMatchObject({ error: { code: -32602 } });
    expect(await rig.read('positions', [{ limit: 501 }])).toMatchObject({ error: { code: -32602 } });
  });

  it('pools and clock say where the ledger stands', async () => {
    rig.log.append([await rig.transfer('alice', 'bob', 5n)]);
    const pools = rig.log.registry.pools.map(({ address: pool }) => ({ pool: bytesToHex(pool) }));
    expect(await rig.result('pools')).toMatchObject({ number: 1, rows: pools, nextCursor: null });
    expect(await rig.result('clock')).toMatchObject({
      laneSequences: { own: '1', shared: '0' },
      clock: [{ chainId: 7, laneSequence: '1' }],
    });
    expect(chain7.executor.describe()).toMatchObject({
      version: '0.1.0',
      lag: { blocks: 0, ms: 0 },
      state: 'following',
    });
  });
});

describe('logs', () => {
  it('come in pages that fit into a message, each log once, with its place in the block', async () => {
    await rig.executor();
    const sent = [];
    for (let n = 0; n < 900; n++) sent.push(await rig.transfer('alice', 'bob', 1n));
    rig.log.append(sent.slice(0, 880));
    rig.log.append();
    rig.log.append(sent.slice(880));
    interface LogPage {
      logs: { transactionHash: string; logIndex: string; blockNumber: string }[];
      next: { block: number; logIndex: number } | null;
    }
    const logs: LogPage['logs'] = [];
    let at: { block: number; logIndex: number } | null = { block: 1, logIndex: 0 };
    let pages = 0;
    while (at) {
      const range = { from: at.block, fromLogIndex: at.logIndex, to: 3 };
      const page: LogPage = await rig.result('eth_getLogs', [range]);
      expect(JSON.stringify(page).length).toBeLessThan(900 * 1024);
      logs.push(...page.logs);
      at = page.next;
      pages++;
    }
    expect(pages).toBeGreaterThan(1);
    expect(logs.map(({ transactionHash }) => transactionHash)).toEqual(sent.map(({ hash }) => hash));
    expect(logs[879]).toMatchObject({ blockNumber: '0x1', logIndex: '0x36f', removed: false });
    expect(logs[880]).toMatchObject({ blockNumber: '0x3', logIndex: '0x0' });
    const receipt = await rig.result('eth_getTransactionReceipt', [sent[879]!.hash]);
    expect(receipt).toMatchObject({ logs: [logs[879]] });
    const toCarol = `0x${'00'.repeat(12)}${address('carol').slice(2)}`;
    const none = await rig.result('eth_getLogs', [{ from: 1, to: 3, topics: [null, null, null, toCarol] }]);
    expect(none).toEqual({ logs: [], next: null });
  });
});
