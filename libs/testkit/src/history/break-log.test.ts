import { beforeAll, describe, expect, it } from 'vitest';
import { bytesToHex, EntryKind } from '#libs/protocol';
import { brokenIn, changed, type Draft } from './fixtures/broken.js';
import { addressOf, WRITER } from './fixtures/entries.js';
import { playScenario } from './fixtures/scenario.js';
import type { History } from './history.js';

/** The log is changed after it was written, as in a database that somebody tampers with. */
let history: History;
beforeAll(async () => {
  history = (await playScenario()).network.history();
});

type Log = Draft<History['log']>;
const broken = (change: (log: Log) => void) => brokenIn(changed(history, ({ log }) => change(log)));
const transactionsIn = ({ entries }: Log, lane: number) =>
  entries.filter((entry) => entry.kind === EntryKind.TRANSACTION && entry.lane === lane);

describe('a log that was changed', () => {
  it('two entries of a lane that swap their sequences break I1, I2, the order told (I4) and the slice (I12)', () => {
    const numbers = broken(({ entries }) => {
      const [first, second] = entries.filter(({ kind }) => kind === EntryKind.PREPARE) as [
        Log['entries'][0],
        Log['entries'][0],
      ];
      [first.sequence, second.sequence] = [second.sequence, first.sequence];
      entries.sort((a, b) => Number(a.sequence - b.sequence));
    });
    expect(numbers).toEqual(['I1', 'I2', 'I4', 'I12']);
  });

  it('a gap in lane sequences alone breaks I1', () => {
    const numbers = broken((log) => {
      for (const entry of transactionsIn(log, 7).slice(1)) entry.laneSequence += 1n;
    });
    expect(numbers).toEqual(['I1']);
  });

  it('an empty block that is gone breaks the chain (I2) and what was handed out (I12); what needs a replay is incomplete', () => {
    const numbers = broken((log) => {
      const empty = log.blocks.findIndex(({ header }) => header.entryCount === 0);
      log.blocks.splice(empty, 1);
    });
    expect(numbers).toEqual(['I2', 'I12']);
  });

  it('a log that lost its newest block breaks I12: it was handed out; executors are beyond it (I27)', () => {
    expect(broken(({ blocks }) => void blocks.pop())).toEqual(['I12', 'I27']);
  });

  it('a header that was changed breaks hash and signature (I2) and agreement with what was handed out (I12, I13)', () => {
    const numbers = broken(({ blocks }) => {
      blocks.at(-1)!.header.timestamp += 1;
    });
    expect(numbers).toEqual(['I2', 'I12', 'I13']);
  });

  it('a signature of another block breaks I2 alone', () => {
    const numbers = broken(({ blocks }) => {
      blocks[3]!.signature = blocks[4]!.signature;
    });
    expect(numbers).toEqual(['I2']);
  });

  it('a lane root that was changed breaks I2', () => {
    const numbers = broken(({ blocks }) => {
      blocks[2]!.lanes[1]!.root = new Uint8Array(32).fill(1);
    });
    expect(numbers).toEqual(['I2']);
  });

  it('a forged sender breaks the leaf (I2), recovery (I5) and the re-executed states (I15)', () => {
    const numbers = broken((log) => {
      transactionsIn(log, 8)[0]!.sender = addressOf(WRITER);
    });
    expect(numbers).toEqual(['I2', 'I5', 'I15']);
  });

  it('a nonce that is stored wrongly breaks I5', () => {
    const numbers = broken((log) => {
      transactionsIn(log, 7)[1]!.nonce = 7n;
    });
    expect(numbers).toEqual(['I5']);
  });

  it("a transaction's bytes that were changed break id and leaf (I2), recovery (I5), the acknowledgement (I8) and the feed (I12)", () => {
    const numbers = broken((log) => {
      const { bytes } = transactionsIn(log, 8)[0]!;
      // The last byte of s: still a valid encoding, another signer.
      bytes[bytes.length - 1]! ^= 1;
    });
    expect(numbers).toEqual(['I2', 'I5', 'I8', 'I12']);
  });

  it('an entry that cannot be decoded breaks I31 and what depends on its bytes', () => {
    const numbers = broken((log) => {
      const entry = transactionsIn(log, 8)[0]!;
      entry.bytes = entry.bytes.slice(0, -1);
    });
    expect(numbers).toEqual(['I2', 'I8', 'I12', 'I31']);
  });

  it('an entry that is gone breaks sequences (I1), lanes (I2), the acknowledgement (I8), the feed (I12) and states (I15)', () => {
    const numbers = broken((log) => {
      const { id } = transactionsIn(log, 8)[0]!;
      log.entries = log.entries.filter((entry) => entry.id !== id);
    });
    expect(numbers).toEqual(['I1', 'I2', 'I8', 'I12', 'I15']);
  });

  it('an earlier copy that differs breaks I6', () => {
    const numbers = brokenIn(
      changed(history, ({ earlier }) => {
        earlier[0]!.hashes[1] = bytesToHex(new Uint8Array(32));
      }),
    );
    expect(numbers).toEqual(['I6']);
  });

  it('an earlier copy that is longer than the log breaks I6', () => {
    const numbers = brokenIn(
      changed(history, ({ earlier, log }) => {
        earlier[0]!.hashes = [...log.blocks.map(({ hash }) => bytesToHex(hash)), bytesToHex(new Uint8Array(32))];
      }),
    );
    expect(numbers).toEqual(['I6']);
  });
});
