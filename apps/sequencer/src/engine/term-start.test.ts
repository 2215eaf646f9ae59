// Shows with what a term begins, and that no node leads with a declared restore that followers would refuse (I11): one
// such block would halt them all.
import { beforeEach, expect, test, vi } from 'vitest';
import { commitmentDigest, Restore, SignedRestore } from '#libs/protocol';
import {
  recover,
  LOG_ID,
  MALLORY,
  newState,
  REGISTRY_KEY,
  SEQUENCER_KEY,
  sign,
  START_MS,
  word,
} from './testing/world.js';
import type { LogState } from './log-state.js';
import { SilentLogger } from './testing/silent-logger.js';
import { TermStart } from './term-start.js';

const EPOCH = 5;
const HOUR_MS = 3_600_000;
let state: LogState;
let pending: Uint8Array | null;
let opened: { epoch: number; pendingRestore: Uint8Array | null }[];
let start: TermStart;
beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
  [state, pending, opened] = [newState(), null, []];
  state.tip = { ...state.tip, number: 9, hash: word(9) };
  start = new TermStart(
    { databaseUrl: 'postgres://x', candidatesMax: 10, stepDownMs: 1_000 },
    {
      leadership: {
        clockMs: () => Promise.resolve(START_MS),
        current: () => Promise.resolve({ epoch: EPOCH - 1 } as never),
      },
      signer: { address: SEQUENCER_KEY, sign: () => new Uint8Array(65) },
      recover,
      pendingRestore: (head) => Promise.resolve(head === 9 ? pending : null),
      term: {
        ...{ queue: {} as never, logger: new SilentLogger().port, roots: () => [] },
        ...{ onBlock: () => undefined, onWrite: () => undefined },
      },
      open: ({ epoch }, { pendingRestore }) => {
        opened.push({ epoch, pendingRestore });
        return Promise.resolve({} as never);
      },
    },
  );
  return () => vi.useRealTimers();
});

function restoreOf(over: Partial<Restore> = {}, { signer = REGISTRY_KEY, logId = LOG_ID } = {}): Uint8Array {
  const restore = { lastBlock: 9, lastHash: word(9), epochAbove: EPOCH - 1, ...over };
  const signature = sign(signer, commitmentDigest(logId, 'restore', Restore.hashTreeRoot(restore)));
  return SignedRestore.serialize({ restore, signature });
}

test('a term begins with its epoch, and with the restore that was declared after the last block', async () => {
  await start.begin(EPOCH, state);
  pending = restoreOf();
  await start.assertMayLead(state);
  await start.begin(EPOCH, state);
  expect(opened).toEqual([
    { epoch: EPOCH, pendingRestore: null },
    { epoch: EPOCH, pendingRestore: pending },
  ]);
});

test.each([
  ['signed by another key', () => restoreOf({}, { signer: MALLORY }), 'signed it, not the registry key'],
  ['signed for another log', () => restoreOf({}, { logId: word(3) }), 'nobody signed it'],
  ['of another last block', () => restoreOf({ lastBlock: 8 }), 'it keeps block 8 and stands in block 10'],
  ['of another hash', () => restoreOf({ lastHash: word(1) }), 'is not the parent'],
  ['that gives up the epoch itself', () => restoreOf({ epochAbove: EPOCH }), `epoch ${EPOCH} is not above ${EPOCH}`],
  ['of malformed bytes', () => new Uint8Array(7), 'malformed'],
])('a restore %s is refused before the epoch is raised, and again before a term begins', async (_, body, reason) => {
  pending = body();
  const refusal = expect.objectContaining({
    code: 'RESTORE_UNUSABLE',
    message: expect.stringContaining(reason) as string,
    advice: expect.stringContaining('lockstep restore') as string,
  }) as Error;
  await expect(start.assertMayLead(state)).rejects.toThrow(refusal);
  await expect(start.begin(EPOCH, state)).rejects.toThrow(refusal);
  expect(opened).toEqual([]);
});

test('the registry key is the one in force after the last kept block, not that of genesis', async () => {
  state.registry = { ...state.registry, registryKey: MALLORY };
  pending = restoreOf();
  await expect(start.assertMayLead(state)).rejects.toMatchObject({ code: 'RESTORE_UNUSABLE' });
  pending = restoreOf({}, { signer: MALLORY });
  await start.assertMayLead(state);
});

test('a clock that an operator has confirmed may carry log time on', async () => {
  vi.setSystemTime(START_MS + HOUR_MS);
  await expect(start.assertMayLead(state)).rejects.toMatchObject({ code: 'LOG_TIME_JUMP' });
  start.confirmTime();
  await start.assertMayLead(state);
});
