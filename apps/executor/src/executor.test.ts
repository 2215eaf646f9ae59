import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recoverAddress } from '#libs/crypto';
import { type ExecutorStatus, testSigner } from '#libs/executor-sdk';
import {
  bytesToHex,
  commitmentDigest,
  Decision,
  encodeEntry,
  EntryKind,
  SignedStateRoot,
  SignedVote,
  Slice,
  StateRoot,
  Vote,
} from '#libs/protocol';
import { freePorts, waitFor } from '#libs/testkit';
import { callTerms, commit, listSeries, prepareWrite, yesOf } from './fixtures/operations.js';
import { type Account, Rig } from './fixtures/rig.js';

/** What these tests look at of `lockstep_state`. */
interface State {
  number: number;
  stateRoot: string;
  longs: Record<string, string>;
}

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.start();
});
afterEach(() => rig.stop());

const address = (name: Account): string => bytesToHex(testSigner(name).address);
const fresh = (votes: Uint8Array[]): Set<string> => new Set(votes.map(bytesToHex));

describe('reads', () => {
  it('answer with the state after the blocks that were applied', async () => {
    await rig.executor();
    const sent = [await rig.transfer('alice', 'bob', 5n), await rig.transfer('alice', 'bob', 6n)];
    rig.log.append(sent);
    expect(await rig.result('eth_getTransactionCount', [address('alice'), 'latest'])).toBe('0x2');
    expect(BigInt(await rig.result<string>('eth_getBalance', [address('bob'), 'latest']))).toBe(10n ** 24n + 11n);
    expect(await rig.result('lockstep_balances', [address('bob')])).toMatchObject({
      number: 1,
      nonce: '0',
      balances: [{ symbol: 'ETH', available: '1000000000000000000000011', held: '0' }, { symbol: 'USD' }],
    });
    expect(await rig.result('eth_getTransactionReceipt', [sent[1]!.hash])).toMatchObject({
      transactionHash: sent[1]!.hash,
      transactionIndex: '0x1',
      blockNumber: '0x1',
      blockHash: bytesToHex(rig.log.blocks[0]!.hash),
      from: address('alice'),
      to: address('bob'),
      status: '0x1',
      type: '0x2',
      contractAddress: null,
      logs: [{ logIndex: '0x1', removed: false }],
    });
    expect(await rig.result('eth_getTransactionReceipt', [`0x${'11'.repeat(32)}`])).toBeNull();
    expect(await rig.result('lockstep_executorStatus')).toMatchObject({
      chainId: 7,
      role: 'voting',
      number: 1,
      state: 'following',
      laneSequences: { own: '2', shared: '0' },
      clock: [{ chainId: 7, laneSequence: '2' }],
    });
    expect(await rig.result('lockstep_state', [{ rows: true }])).toMatchObject({ number: 1, undecided: [] });
  });

  it('run calls and say why one would be reverted', async () => {
    await rig.executor();
    rig.log.append();
    const tooMuch = { from: address('alice'), to: address('bob'), value: `0x${(10n ** 30n).toString(16)}` };
    const fine = { from: address('alice'), to: address('bob'), value: '0x5' };
    expect(await rig.result('eth_estimateGas', [fine])).toBe('0x5208');
    expect(await rig.result('eth_call', [fine, 'latest'])).toBe('0x');
    expect(await rig.read('eth_call', [tooMuch, 'latest'])).toMatchObject({
      error: {
        code: 3,
        message: expect.stringContaining('insufficient balance') as string,
        data: expect.stringMatching(/^0x08c379a0/) as string,
      },
    });
  });

  it('refuse what is malformed, unknown or never comes', async () => {
    await rig.executor();
    expect(await rig.read('eth_getBalance', ['0x12'])).toMatchObject({ error: { code: -32602 } });
    expect(await rig.read('eth_mine', [])).toMatchObject({ error: { code: -32601 } });
    expect(await rig.read('toString', [])).toMatchObject({ error: { code: -32601 } });
    const late = { minHeight: 50, timeoutMs: 30 };
    expect(await rig.read('lockstep_waitForHeight', [late])).toMatchObject({ error: { code: -32001 } });
    rig.log.append();
    await rig.result('lockstep_waitForHeight');
    expect(await rig.read('lockstep_state', [{ height: 0 }])).toMatchObject({ error: { code: -32001 } });
  });

  it('wait for a height or a receipt without being asked again', async () => {
    await rig.executor();
    const sent = await rig.transfer('alice', 'bob', 5n);
    const receipt = rig.read('eth_getTransactionReceipt', [sent.hash], { waitMs: 10_000 });
    const exact = rig.read('lockstep_state', [{ height: 2, timeoutMs: 10_000 }]);
    const least = rig.read<State>('lockstep_waitForHeight', [{ minHeight: 3, timeoutMs: 10_000 }]);
    await rig.read('lockstep_executorStatus', []); // the three above have arrived before this is answered
    for (const entries of [[sent], [], [], []]) rig.log.append(entries);
    expect(await receipt).toMatchObject({ result: { blockNumber: '0x1' } });
    expect(await exact).toMatchObject({ result: { number: 2 } });
    expect((await least).result.number).toBeGreaterThanOrEqual(3);
  });
});

describe('a reverted transaction', () => {
  it('has a receipt that says so, and the lane goes on', async () => {
    await rig.executor();
    const sent = await rig.transfer('alice', 'bob', 10n ** 30n);
    rig.log.append([sent, await rig.transfer('alice', 'bob', 1n)]);
    const receipt = await rig.result('eth_getTransactionReceipt', [sent.hash]);
    expect(receipt).toMatchObject({
      status: '0x0',
      logs: [],
      revertReason: expect.stringContaining('insufficient') as string,
    });
    expect(await rig.result('eth_getTransactionCount', [address('alice')])).toBe('0x2');
  });
});

describe('votes', () => {
  it('are sent until the decision, the same bytes each time, and then no more', async () => {
    const { executor } = await rig.executor();
    const votes = await rig.listen('vote.7');
    const terms = callTerms(rig.log);
    rig.log.append([listSeries(rig.log, terms)]);
    const rootBefore = (await rig.result<State>('lockstep_state')).stateRoot;
    const { entry, prepare, prepareId } = prepareWrite(rig.log, terms);
    const { hash } = rig.log.append([entry]);
    await waitFor('three votes', () => votes.length >= 3, 10_000);
    expect(fresh(votes).size).toBe(1);
    const { vote, signature } = SignedVote.deserialize(votes[0]!);
    expect(vote).toMatchObject({ yes: true, chainId: 7, laneSequence: 0n, sharedLaneSequence: 2n });
    expect([vote.prepareBlockHash, vote.prepareId, vote.operationId]).toEqual([hash, prepareId, prepare.operationId]);
    expect(bytesToHex(vote.stateRoot)).toBe(rootBefore);
    const signed = [8, 9].map((chainId) => SignedVote.deserialize(yesOf(vote, chainId)));
    rig.log.append([commit(prepare, prepareId, [{ vote, signature }, ...signed])]);
    await rig.result('lockstep_waitForHeight');
    expect(executor.undecidedVotes).toBe(0);
    expect(await executor.store.votes()).toEqual([]);
    const { longs } = await rig.result<State>('lockstep_state');
    expect(Object.values(longs)).toEqual([String(10n ** 18n)]);
  });

  it('are sent at once when a leader asks, and no longer after their deadline in log time', async () => {
    const { executor } = await rig.executor();
    const votes = await rig.listen('vote.7');
    const terms = callTerms(rig.log);
    rig.log.append([listSeries(rig.log, terms)]);
    await rig.result('lockstep_waitForHeight');
    const { entry, prepare } = prepareWrite(rig.log, terms);
    rig.log.append([entry]);
    await waitFor('a vote', () => votes.length > 0, 10_000);
    const before = votes.length;
    rig.connection.publish('vote.request.7');
    await waitFor('another', () => votes.length > before, 10_000);
    rig.log.append([], { advanceMs: prepare.deadlineMs - rig.log.timestamp });
    await rig.result('lockstep_waitForHeight');
    expect(executor.undecidedVotes).toBe(1); // at the deadline it still counts
    rig.log.append([], { advanceMs: 1 });
    await rig.result('lockstep_waitForHeight');
    expect(executor.undecidedVotes).toBe(0);
  });

  it('are not given by a replica, which publishes roots under its own key and agrees', async () => {
    const votes = await rig.listen('vote.>');
    const roots = await rig.listen('root.7');
    const { executor } = await rig.executor({ role: 'replica' });
    await rig.executor();
    const terms = callTerms(rig.log);
    rig.log.append([listSeries(rig.log, terms), await rig.transfer('alice', 'bob', 1n)]);
    await rig.result('lockstep_waitForHeight');
    rig.log.append([prepareWrite(rig.log, terms).entry]);
    await waitFor('a root of each', () => roots.length >= 2, 10_000);
    const signers = roots.map((bytes) => {
      const { stateRoot, signature } = SignedStateRoot.deserialize(bytes);
      const digest = commitmentDigest(rig.log.logId, 'root', StateRoot.hashTreeRoot(stateRoot));
      return bytesToHex(recoverAddress(digest, signature)!);
    });
    expect(new Set(signers)).toEqual(
      new Set(['voting 7', 'replica 7'].map((name) => bytesToHex(testSigner(name).address))),
    );
    const [first, second] = roots.map((bytes) => SignedStateRoot.deserialize(bytes).stateRoot);
    if (first!.number === second!.number) expect(first).toEqual(second);
    await waitFor('a vote', () => votes.length > 0, 10_000);
    await waitFor('the replica at block 2', () => executor.cursor.number === 2, 10_000);
    const answers = [
      rig.read<State>('lockstep_state', [], { minHeight: 2 }),
      rig.read<State>('lockstep_state', [], { minHeight: 2 }, 7, 'replica'),
    ];
    const [voting, replica] = await Promise.all(answers);
    expect(replica!.result.stateRoot).toBe(voting!.result.stateRoot);
    expect(votes.every((bytes) => SignedVote.deserialize(bytes).signature.length === 65)).toBe(true);
    const signer = (bytes: Uint8Array): string => {
      const { vote, signature } = SignedVote.deserialize(bytes);
      return bytesToHex(recoverAddress(commitmentDigest(rig.log.logId, 'vote', Vote.hashTreeRoot(vote)), signature)!);
    };
    expect(new Set(votes.map(signer))).toEqual(new Set([bytesToHex(testSigner('voting 7').address)]));
  });
});

describe('a log that breaks a rule', () => {
  it('halts the executor with evidence; it answers reads and halts again after a restart', async () => {
    const [port] = await freePorts(1);
    const first = await rig.executor({ env: { EXECUTOR_HTTP_PORT: String(port) } });
    rig.log.append([await rig.transfer('alice', 'bob', 7n)]);
    await rig.result('lockstep_waitForHeight');
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    const decision: Decision = {
      operationId: new Uint8Array(32).fill(1),
      prepareId: new Uint8Array(32).fill(1),
      outcome: 2,
      reason: 15,
      votes: [],
      auditId: 0n,
    };
    rig.log.append([
      await rig.transfer('alice', 'bob', 9n),
      { bytes: encodeEntry(EntryKind.DECISION, Decision.serialize(decision)) },
    ]);
    await waitFor('the halt', () => first.executor.halted !== null, 10_000);
    const { halted, number, state } = (await rig.read<ExecutorStatus>('lockstep_executorStatus', [])).result;
    expect({ number, state }).toEqual({ number: 1, state: 'halted' });
    expect(halted).toMatchObject({ code: 'HALT_DECISION_WITHOUT_PREPARE', number: 1 });
    const file = JSON.parse(readFileSync(halted!.evidence.at(-1)!, 'utf8')) as { evidence: string[] };
    expect(Slice.deserialize(Buffer.from(file.evidence[1]!.slice(2), 'hex')).header.number).toBe(2);
    // The half-applied block is undone: bob has what block 1 gave him.
    expect(BigInt((await rig.read<string>('eth_getBalance', [address('bob')])).result)).toBe(10n ** 24n + 7n);
    const ready = await fetch(`${first.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ state: 'halted', halted: { code: 'HALT_DECISION_WITHOUT_PREPARE' } });
    expect(await (await fetch(`${first.url}/metrics`)).text()).toContain(
      'lockstep_executor_is_halted{chain_id="7",role="voting"} 1',
    );
    await first.stop();
    const second = await rig.executor({ dataDir: first.dataDir });
    await waitFor('the halt again', () => second.executor.halted?.number === 1, 10_000);
  });

  it('halts the executor at an equivocation', async () => {
    const { executor } = await rig.executor();
    rig.log.append();
    await rig.result('lockstep_waitForHeight');
    rig.log.publish(rig.log.equivocate([await rig.transfer('alice', 'bob', 7n)]));
    await waitFor('the halt', () => executor.halted !== null, 10_000);
    expect(executor.halted).toMatchObject({ code: 'EQUIVOCATION' });
    expect(executor.halted!.evidence.filter((text) => text.startsWith('0x'))).toHaveLength(2);
  });

  it('halts a replica where a sender is not who signed', async () => {
    const { executor } = await rig.executor({ role: 'replica' });
    rig.log.append([{ ...(await rig.transfer('alice', 'bob', 7n)), sender: testSigner('carol').address }]);
    await waitFor('the halt', () => executor.halted !== null, 10_000);
    expect(executor.halted).toMatchObject({ code: 'WRONG_SENDER' });
  });
});

describe('a start', () => {
  it('loads the state that was stored, to the same root', async () => {
    const first = await rig.executor();
    for (let n = 1; n <= 5; n++) rig.log.append([await rig.transfer('alice', 'bob', BigInt(n))]);
    const { stateRoot } = await rig.result<State>('lockstep_state');
    await first.stop();
    rig.log.silence();
    const second = await rig.executor({ dataDir: first.dataDir });
    expect(second.executor.cursor.number).toBe(5);
    expect((await rig.read('lockstep_state', [])).result).toMatchObject({ number: 5, stateRoot });
  });

  it('without its store replays to the same root', async () => {
    const first = await rig.executor();
    const terms = callTerms(rig.log);
    rig.log.append([listSeries(rig.log, terms)]);
    for (let n = 1; n <= 30; n++) rig.log.append([await rig.transfer('alice', 'bob', BigInt(n))]);
    rig.log.append([prepareWrite(rig.log, terms).entry]);
    const before = await rig.result<State>('lockstep_state');
    await first.stop();
    await rig.executor();
    expect(await rig.result('lockstep_state')).toEqual(before);
  });

  it('is refused with a clear error: store of another rollup or log, store in use, unknown rollup', async () => {
    const first = await rig.executor();
    const { dataDir } = first;
    rig.log.append();
    await rig.result('lockstep_waitForHeight');
    await expect(rig.executor({ dataDir })).rejects.toMatchObject({ code: 'STORE_IN_USE' });
    await first.stop();
    await expect(rig.executor({ dataDir, chainId: 8 })).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    await expect(rig.executor({ chainId: 99 })).rejects.toMatchObject({ code: 'ROLLUP_UNKNOWN' });
    const other = await Rig.start();
    other.log.genesis.startTimeMs += 1;
    await expect(other.executor({ dataDir })).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    await other.stop();
  });

  it('is refused where a setting is missing or wrong, by its name', async () => {
    for (const [name, value] of [
      ['EXECUTOR_KEY', '0x12'],
      ['EXECUTOR_ROLE', 'king'],
      ['EXECUTOR_CHAIN_ID', 'x'],
    ] as const) {
      await expect(rig.executor({ env: { [name]: value } })).rejects.toThrow(name);
    }
  });
});
