import { beforeAll, describe, expect, it } from 'vitest';
import { bytesToHex, type Hex } from '#libs/protocol';
import { TEST_QUOTE_ASSET } from '#libs/executor-sdk';
import { brokenIn, changed, type Draft } from './fixtures/broken.js';
import { digestOf } from './fixtures/entries.js';
import { playScenario } from './fixtures/scenario.js';
import type { History } from './history.js';

/** The log is in order; a follower, an executor or a client tells something else. */
let history: History;
beforeAll(async () => {
  history = (await playScenario()).network.history();
});

type Copy = Draft<Required<History>>;
const broken = (change: (copy: Copy) => void, options = {}) => brokenIn(changed(history, change), options);
const other: Hex = bytesToHex(digestOf('something else'));

describe('a follower', () => {
  const brokenFeed = (change: (follower: Copy['followers'][0]) => void) =>
    broken(({ followers }) => change(followers[1]!));

  it('that was handed a block twice breaks I12', () => {
    expect(brokenFeed(({ handed }) => void handed.splice(4, 0, handed[3]!))).toEqual(['I12']);
  });

  it('that was handed a block twice after a restart from before it breaks nothing', () => {
    const numbers = brokenFeed((follower) => {
      follower.handed.splice(4, 0, ...follower.handed.slice(2, 4));
      follower.restarts = [{ afterHanded: 4, cursor: 2 }];
    });
    expect(numbers).toEqual([]);
  });

  it('that came back with a block it was never handed breaks I12', () => {
    const numbers = brokenFeed((follower) => {
      follower.handed.splice(4, 1);
      follower.restarts = [{ afterHanded: 4, cursor: 5 }];
    });
    expect(numbers).toEqual(['I12']);
  });

  it('that missed a block breaks I12', () => {
    expect(brokenFeed(({ handed }) => void handed.splice(4, 1))).toEqual(['I12']);
  });

  it('that joined late breaks nothing', () => {
    const numbers = brokenFeed((follower) => {
      follower.handed.splice(0, 4);
      follower.from = 5;
    });
    expect(numbers).toEqual([]);
  });

  it("that was handed another rollup's slice breaks I12", () => {
    const numbers = broken(({ followers }) => {
      followers[1]!.handed[2] = followers[0]!.handed[2]!;
    });
    expect(numbers).toEqual(['I12']);
  });

  it('that was handed entries in another order breaks I12', () => {
    expect(brokenFeed(({ handed }) => void handed[2]!.entries.reverse())).toEqual(['I12']);
  });

  it('that was told of another lane sequence breaks I12', () => {
    expect(brokenFeed(({ handed }) => void (handed[2]!.firstLaneSequences.own += 1n))).toEqual(['I12']);
  });

  it('that was handed another block breaks I12 and I13', () => {
    expect(brokenFeed(({ handed }) => void (handed[2]!.hash = other))).toEqual(['I12', 'I13']);
  });
});

describe('an executor', () => {
  const brokenState = (change: (executor: Copy['executors'][0]) => void, options = {}) =>
    broken(({ executors }) => change(executors[3]!), options);

  it('with another block hash breaks I13', () => {
    expect(brokenState((executor) => (executor.blockHash = other))).toEqual(['I13']);
  });

  it('with another state root breaks I15', () => {
    expect(brokenState((executor) => (executor.stateRoot = other))).toEqual(['I15']);
  });

  it('with one unit too much of an asset breaks I19', () => {
    const numbers = brokenState((executor) => {
      const asset = bytesToHex(TEST_QUOTE_ASSET);
      executor.totals = new Map(executor.totals).set(asset, executor.totals!.get(asset)! + 1n);
    });
    expect(numbers).toEqual(['I19']);
  });

  it('with longs that it does not have breaks I19', () => {
    expect(brokenState((executor) => (executor.longs = new Map([[other, 1n]])))).toEqual(['I19']);
  });

  it('with an undecided operation at rest breaks I20', () => {
    expect(brokenState((executor) => (executor.undecided = [other]))).toEqual(['I20']);
  });

  it('with another cursor breaks I12', () => {
    expect(brokenState((executor) => (executor.cursor!.own += 1n))).toEqual(['I12']);
  });

  it('that is behind at rest breaks I27 alone; not at rest nothing', () => {
    const behind = (executor: Copy['executors'][0]) => {
      const { name, chainId, number } = executor;
      for (const key of Object.keys(executor)) delete executor[key as keyof typeof executor];
      Object.assign(executor, { name, chainId, number: number - 1 });
    };
    expect(brokenState(behind)).toEqual(['I27']);
    expect(brokenState(behind, { atRest: false })).toEqual([]);
  });

  it('that is ahead of the log breaks I27', () => {
    expect(brokenState((executor) => (executor.number += 1))).toContain('I27');
  });
});

describe('a client', () => {
  const attempt = { kind: 'transaction', chainId: 7, sentAtMs: 1_000, answeredAtMs: 1_001 } as const;

  it('whose acknowledged transaction is not in the log breaks I8', () => {
    const numbers = broken(({ clients }) => void clients.push({ ...attempt, id: other, outcome: 'acknowledged' }));
    expect(numbers).toEqual(['I8']);
  });

  it('that got no answer for what is not in the log breaks nothing', () => {
    expect(broken(({ clients }) => void clients.push({ ...attempt, id: other, outcome: 'unknown' }))).toEqual([]);
  });

  it('whose transaction stands in the log though it was refused breaks I10', () => {
    const numbers = broken(({ clients }) => {
      const last = clients.find(({ kind }) => kind === 'transaction')!;
      Object.assign(last, { outcome: 'refused', error: 'intrinsic gas too low' });
    });
    expect(numbers).toEqual(['I10']);
  });

  it('that sent a transaction after a later one was acknowledged breaks I4', () => {
    const numbers = broken(({ clients }) => {
      const [first, second] = clients.filter(({ kind }) => kind === 'transaction') as [
        Copy['clients'][0],
        Copy['clients'][0],
      ];
      Object.assign(first, { sentAtMs: second.answeredAtMs! + 1, answeredAtMs: second.answeredAtMs! + 2 });
    });
    expect(numbers).toEqual(['I4']);
  });

  it('with two transactions acknowledged under one key breaks I9', () => {
    const numbers = broken(({ clients }) => {
      for (const client of clients.slice(0, 2)) client.key = 'holder:0';
    });
    expect(numbers).toEqual(['I9']);
  });
});
