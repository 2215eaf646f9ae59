// Shows which orders to rewind an executor obeys, that it obeys one at a time, and to which block (I11). A real NATS server.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { genesisCursor, MemorySequencer, type ReplaySource, testGenesis, testSigner } from '#libs/executor-sdk';
import { connectNats, type NatsConnection, requestBytes, signAdminCommand } from '#libs/messaging';
import { RewindTarget } from '#libs/protocol';
import { type NatsServer, startNats, waitFor } from '#libs/testkit';
import type { Halt } from './halt.js';
import { type RewoundExecutor, rewindSubject, serveRewind } from './rewind-service.js';

const CHAIN = 7;
const KEPT = 5;
const KEY = testSigner('voting 7').address;
const logger = { warn: () => undefined, error: () => undefined } as never;

let server: NatsServer;
let nats: NatsConnection;
let operator: NatsConnection;
/** What the executor has followed; the log that was restored and goes on otherwise after block {@link KEPT}. */
let ours: MemorySequencer;
let theirs: MemorySequencer;
let halted: Halt | null;
let rewound: number[];
let restarts: number;
/** The next replay waits for it. */
let held: Promise<void>;
let replays: number;
let end: () => void;

beforeAll(async () => {
  server = await startNats();
  nats = await connectNats({ servers: server.url, name: 'executor' });
  operator = await connectNats({ servers: server.url, name: 'operator' });
});
afterAll(async () => {
  await operator.close();
  await nats.close();
  await server.stop();
});
afterEach(() => end());

beforeEach(async () => {
  [ours, theirs] = [0, 1].map(() => new MemorySequencer(testGenesis(), testSigner('sequencer'))) as [
    MemorySequencer,
    MemorySequencer,
  ];
  for (let number = 1; number <= 9; number++) {
    ours.append();
    if (number === KEPT + 1) theirs.epoch = 2;
    theirs.append();
  }
  [halted, rewound, restarts, replays] = [{ code: 'FORK', message: '', number: 9, evidence: [] }, [], 0, 0];
  held = Promise.resolve();
  const executor: RewoundExecutor = {
    cursor: { ...genesisCursor(ours.genesis, CHAIN), number: 9 },
    get halted() {
      return halted;
    },
    options: { chainId: CHAIN, role: 'voting', version: '0', dataDir: '' },
    whole: () => Promise.resolve(),
    store: {
      blockHash: (number) => Promise.resolve(ours.blocks[number - 1]!.hash),
      beginRewind: ({ number }) => {
        rewound.push(number);
        return Promise.resolve();
      },
    },
  };
  const source: ReplaySource = {
    async replay(chainId, { from, limit }) {
      replays += 1;
      await held;
      const slices = await theirs.slices(chainId, from, limit, 1_000_000);
      return { head: theirs.head(), slices } as never;
    },
  };
  end = serveRewind(executor, [KEY], { nats, source, logger, restart: () => (restarts += 1) });
  await nats.flush();
});

interface Answer {
  number?: number;
  error?: { code: string; message: string };
}

async function order(number: number, signer = testSigner('registry')): Promise<Answer> {
  const argument = RewindTarget.serialize({ chainId: CHAIN, number });
  const bytes = signAdminCommand(ours.logId, signer, 'executor.rewind', argument);
  const answer = await requestBytes(operator, rewindSubject(CHAIN, KEY), bytes, { timeoutMs: 5_000 });
  return JSON.parse(new TextDecoder().decode(answer)) as Answer;
}

/** It restarts once its answer has left. */
const restarted = (): Promise<void> => waitFor('the restart', () => restarts > 0, 5_000);

test('of two orders at once one is obeyed, and the other is told so', async () => {
  let release = (): void => undefined;
  held = new Promise((resolve) => (release = resolve));
  const first = order(KEPT);
  const second = await order(KEPT);
  expect(second.error).toMatchObject({ code: 'REWIND_REFUSED' });
  expect(second.error!.message).toContain('an earlier one');
  release();
  expect(await first).toMatchObject({ number: KEPT });
  await restarted();
  expect([rewound, restarts, replays]).toEqual([[KEPT], 1, 1]);
});

test('an order after one that was refused is judged anew', async () => {
  expect((await order(KEPT + 2)).error!.message).toContain(`the newest in common is ${KEPT}`);
  expect([rewound, restarts]).toEqual([[], 0]);
  expect(await order(KEPT)).toMatchObject({ number: KEPT });
  await restarted();
  expect(rewound).toEqual([KEPT]);
});

test.each([
  ['of another key', () => order(KEPT, testSigner('mallory')), 'the registry key did not sign it'],
  ['to a block that is not before its own', () => order(9), 'block 9 is not before block 9'],
])('an order %s is refused', async (_, ordered, reason) => {
  expect((await ordered()).error!.message).toContain(reason);
  expect([rewound, restarts, replays]).toEqual([[], 0, 0]);
});

test('an executor that follows the log gives nothing up', async () => {
  halted = null;
  expect((await order(KEPT)).error!.message).toContain('it is not halted');
  expect([rewound, restarts]).toEqual([[], 0]);
});

test('genesis is in common with every branch', async () => {
  expect(await order(0)).toMatchObject({ number: 0 });
  await restarted();
  expect(rewound).toEqual([0]);
});
