// Shows which prices and registry changes get into the log: signed by their key, and following what stands before them,
// in earlier blocks and in the same one.
import { beforeEach, describe, expect, test } from 'vitest';
import { verifyAuditChain } from '#libs/persistence';
import { bytesToHex, KeyRole, RegistryAction, seriesId } from '#libs/protocol';
import { EntryDesk } from './entry-desk.js';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { build, kindsOf, settle } from './testing/build.js';
import {
  A,
  address,
  CALL,
  LOG_ID,
  MALLORY,
  newState,
  PRICE_KEY,
  recover,
  REGISTRY_KEY,
  SEQUENCER_KEY,
  signedChange,
  signedPrice,
  START_MS,
} from './testing/world.js';

let state: LogState;
let queue: IntakeQueue;
let desk: EntryDesk;
beforeEach(() => {
  state = newState();
  queue = new IntakeQueue(3, () => undefined);
  desk = new EntryDesk({ logId: LOG_ID, queue, recover, registry: () => state.registry, leader: SEQUENCER_KEY });
});

const code = (code: string): object => expect.objectContaining({ code }) as object;
const pause = (nonce: number, value = true, signer = REGISTRY_KEY): Uint8Array =>
  signedChange(RegistryAction.SET_ROLLUP_PAUSED, { chainId: A, value }, nonce, signer);

const pair = [CALL.underlying, CALL.quote] as const;

test('a price and a change resolve to their places once their block is durable, not before', async () => {
  const answers: unknown[] = [];
  const all = [desk.submitPrice(signedPrice(1n)), desk.submitRegistryChange(pause(0))];
  for (const one of all) void one.then((place) => answers.push(place));
  const block = build(state, queue);
  await Promise.resolve();
  expect(answers).toEqual([]);
  settle(state, block);
  expect(await Promise.all(all)).toEqual([
    { block: 1, sequence: 1n },
    { block: 1, sequence: 2n, auditId: 1n },
  ]);
  expect(kindsOf(block)).toEqual(['PRICE', 'REGISTRY_CHANGE']);
});

test.each([
  ['a price forged', () => desk.submitPrice(signedPrice(1n, {}, MALLORY)), 'INVALID_SIGNATURE'],
  [
    'a price signed by the registry key',
    () => desk.submitPrice(signedPrice(1n, {}, REGISTRY_KEY)),
    'INVALID_SIGNATURE',
  ],
  ['a price of no market', () => desk.submitPrice(signedPrice(1n, { quote: address(1) })), 'PRICE_UNKNOWN_MARKET'],
  ['no price at all', () => desk.submitPrice(Uint8Array.of(1)), 'MALFORMED'],
  ['a change forged', () => desk.submitRegistryChange(pause(0, true, MALLORY)), 'INVALID_SIGNATURE'],
  ['a change signed by the price key', () => desk.submitRegistryChange(pause(0, true, PRICE_KEY)), 'INVALID_SIGNATURE'],
  ['a price as a change', () => desk.submitRegistryChange(signedPrice(1n)), 'MALFORMED'],
])('%s is refused and does not wait', async (_, submit, expected) => {
  await expect(submit()).rejects.toMatchObject(code(expected));
  expect(queue.size).toBe(0);
});

test('rounds must grow, within a block as well', async () => {
  const [second, sameAgain, first, third] = [2n, 2n, 1n, 3n].map((round) => {
    const answer = desk.submitPrice(signedPrice(round)).then(
      ({ sequence }) => sequence,
      (error: Error) => error,
    );
    if (queue.size === 3) settle(state, build(state, queue));
    return answer;
  });
  settle(state, build(state, queue));
  expect(await second).toBe(1n);
  for (const refused of [sameAgain, first]) expect(await refused).toMatchObject(code('PRICE_ROUND_NOT_NEWER'));
  expect(await third).toBe(2n);
  expect(state.prices.latest(...pair)).toMatchObject({ round: 3n, timestampMs: START_MS });
});
test('a block that is dropped leaves no price behind: the same round is placed in the next', async () => {
  const answer = desk.submitPrice(signedPrice(1n));
  const dropped = build(state, queue);
  expect(state.prices.latest(...pair)).toBeNull();
  queue.putBack(dropped.placed.map(({ candidate }) => candidate));
  const block = build(state, queue);
  expect(kindsOf(block)).toEqual(['PRICE']);
  settle(state, block);
  expect(await answer).toEqual({ block: 1, sequence: 1n });
});

test('changes follow each other within a block, take effect in the next one, and each has an audit row', async () => {
  const answers = [pause(0), pause(1, false), pause(1)].map((bytes) =>
    desk.submitRegistryChange(bytes).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    ),
  );
  const block = build(state, queue, { timestampMs: START_MS + 5 });
  expect(state.registry.changeCount).toBe(0);
  settle(state, block);
  expect(await Promise.all(answers)).toEqual(['taken', 'taken', 'REGISTRY_NONCE']);
  expect(state.registry).toMatchObject({ changeCount: 2, rollups: [{ paused: false }, { paused: false }] });
  const { audits = [] } = block.extras;
  expect(audits.map(({ id, atMs, actor, command }) => ({ id, atMs, actor, command }))).toEqual(
    [1n, 2n].map((id) => {
      const actor = `registry key ${bytesToHex(REGISTRY_KEY)}`;
      return { id, atMs: START_MS + 5, actor, command: 'registry.set_rollup_paused' };
    }),
  );
  expect(verifyAuditChain(audits)).toBeUndefined();
});

test("the next block's audit row goes on with the chain; a dropped block's rows are forgotten", () => {
  void desk.submitRegistryChange(pause(0));
  settle(state, build(state, queue));
  const last = state.lastAudit!;
  void desk.submitRegistryChange(signedChange(RegistryAction.DELIST_SERIES, seriesId(CALL), 1));
  const dropped = build(state, queue);
  queue.putBack(dropped.placed.map(({ candidate }) => candidate));
  const { audits = [] } = build(state, queue, { timestampMs: START_MS + 1 }).extras;
  expect(audits.map(({ id, command }) => [id, command])).toEqual([[2n, 'registry.delist_series']]);
  expect(verifyAuditChain(audits, last)).toBeUndefined();
});

describe('keys', () => {
  const setKey = (
    role: KeyRole,
    previous: Uint8Array,
    next: Uint8Array,
    nonce = 0,
    signer = REGISTRY_KEY,
  ): Uint8Array => signedChange(RegistryAction.SET_KEY, { role, chainId: 0, previous, next }, nonce, signer);
  const [NEW_KEY, NOBODY] = [address(0x77), address(0)];

  test('what the old price key signed counts up to the block with the change, and no further', async () => {
    const changed = desk.submitRegistryChange(setKey(KeyRole.PRICE, PRICE_KEY, NEW_KEY));
    const before = desk.submitPrice(signedPrice(1n));
    const block = build(state, queue);
    // Admitted by the registry in force, and placed after it: another took its place meanwhile.
    const late = desk.submitPrice(signedPrice(2n));
    settle(state, block);
    await Promise.all([changed, before]);
    settle(state, build(state, queue));
    await expect(late).rejects.toMatchObject(code('INVALID_SIGNATURE'));
    await expect(desk.submitPrice(signedPrice(3n))).rejects.toMatchObject(code('INVALID_SIGNATURE'));
    const now = desk.submitPrice(signedPrice(3n, {}, NEW_KEY));
    settle(state, build(state, queue));
    expect(await now).toMatchObject({ block: 3 });
  });

  test('the registry key signs its successor, and whatever else stands in the same block', async () => {
    const first = desk.submitRegistryChange(setKey(KeyRole.REGISTRY, REGISTRY_KEY, NEW_KEY));
    const second = desk.submitRegistryChange(pause(1));
    const block = build(state, queue);
    const late = desk.submitRegistryChange(pause(2));
    settle(state, block);
    expect(await Promise.all([first, second])).toMatchObject([{ block: 1 }, { block: 1 }]);
    settle(state, build(state, queue));
    await expect(late).rejects.toMatchObject(code('INVALID_SIGNATURE'));
    const now = desk.submitRegistryChange(pause(2, false, NEW_KEY));
    settle(state, build(state, queue));
    await now;
    expect(state.registry).toMatchObject({ registryKey: NEW_KEY, changeCount: 3 });
  });

  test('who leads cannot remove its own key; a second one can come', async () => {
    const replaced = desk.submitRegistryChange(setKey(KeyRole.SEQUENCER, SEQUENCER_KEY, NEW_KEY));
    const added = desk.submitRegistryChange(setKey(KeyRole.SEQUENCER, NOBODY, NEW_KEY));
    settle(state, build(state, queue));
    await expect(replaced).rejects.toMatchObject(code('KEY_LEADS'));
    await added;
    expect(state.registry.sequencerKeys).toEqual([SEQUENCER_KEY, NEW_KEY]);
  });
});

test('a full queue refuses', async () => {
  for (const round of [1n, 2n, 3n]) void desk.submitPrice(signedPrice(round));
  await expect(desk.submitPrice(signedPrice(4n))).rejects.toMatchObject(code('BUSY'));
});
