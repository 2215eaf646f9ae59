// Shows which state roots wait for a block: the newest of each key of a rollup, signed for this log; and which differ.
import { beforeEach, expect, test } from 'vitest';
import { bytesToHex, encodeEntry, entryBody, entryId, EntryKind, equalBytes, SignedStateRoot } from '#libs/protocol';
import { RollupKeys } from './rollup-keys.js';
import { type DifferingRoots, StateRootDesk } from './state-root-desk.js';
import { A, B, genesis, LOG_ID, MALLORY, recover, replicaKey, signedRoot, votingKey, word } from './testing/world.js';

let differing: DifferingRoots[];
let desk: StateRootDesk;
/** Ids of entries in the log; look-ups that are not answered yet. */
let inLog: Set<string>;
let held: (() => void)[];
let isHeld: boolean;
beforeEach(() => {
  differing = [];
  [inLog, held] = [new Set(), []];
  isHeld = false;
  const isInLog = async (id: Uint8Array): Promise<boolean> => {
    const isKnown = inLog.has(bytesToHex(id));
    if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
    return isKnown;
  };
  desk = new StateRootDesk({ logId: LOG_ID, recover, isInLog, onDiffering: (one) => differing.push(one) });
});

const HEAD = 1_000;
const keys = new RollupKeys(genesis.registry);
const receive = (bytes: Uint8Array): string | null => desk.receive(bytes, keys, HEAD);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const waiting = async (): Promise<[lane: number, number: number][]> => {
  await settled();
  return desk
    .entries()
    .map(({ lane, bytes }) => [lane, SignedStateRoot.deserialize(entryBody(bytes)).stateRoot.number]);
};

test.each([
  ['of another log', signedRoot(1, { logId: word(5) }), 'foreign'],
  ['of a rollup that is not in the registry', signedRoot(1, { chainId: 999 }), 'foreign'],
  ['of a height that the log has not reached', signedRoot(HEAD + 1), 'foreign'],
  ['of nobody we know', signedRoot(1, {}, MALLORY), 'wrong_key'],
  ["of another rollup's key", signedRoot(1, {}, votingKey(B)), 'wrong_key'],
  ["of another rollup's replica", signedRoot(1, {}, replicaKey(B)), 'wrong_key'],
])('a root %s is refused', async (_, bytes, fault) => {
  expect(receive(bytes)).toBe(fault);
  expect(await waiting()).toEqual([]);
});

test("of each key the newest waits, in its rollup's lane", async () => {
  for (const number of [3, 5, 4]) expect(receive(signedRoot(number))).toBeNull();
  expect(receive(signedRoot(2, {}, replicaKey(A)))).toBeNull();
  expect(receive(signedRoot(HEAD, { chainId: B }))).toBeNull();
  expect(await waiting()).toEqual([
    [A, 5],
    [A, 2],
    [B, HEAD],
  ]);
});

test('what a block took waits no longer; what came meanwhile still does', async () => {
  receive(signedRoot(1));
  receive(signedRoot(1, { chainId: B }));
  await settled();
  const taken = desk.entries();
  receive(signedRoot(2));
  desk.placed(taken);
  expect(await waiting()).toEqual([[A, 2]]);
});

test('a root that was placed does not wait again', async () => {
  receive(signedRoot(1));
  await settled();
  desk.placed(desk.entries());
  receive(signedRoot(1));
  expect(await waiting()).toEqual([]);
});

test('two keys that differ at one height are reported with both roots; those that agree are not', () => {
  receive(signedRoot(1));
  receive(signedRoot(1, {}, replicaKey(A)));
  receive(signedRoot(1, { chainId: B, root: word(8) }));
  expect(differing).toEqual([]);
  receive(signedRoot(2));
  receive(signedRoot(2, { root: word(4) }, replicaKey(A)));
  expect(differing).toHaveLength(1);
  const [{ chainId, number, first, second }] = differing as [DifferingRoots];
  expect([chainId, number]).toEqual([A, 2]);
  expect(equalBytes(first.stateRoot.root, word(3)) && equalBytes(second.stateRoot.root, word(4))).toBe(true);
});

test('a key that signs two roots of one height is reported, however late; the newest of it still waits alone', async () => {
  receive(signedRoot(1));
  receive(signedRoot(2));
  receive(signedRoot(1, { root: word(4) }));
  expect(differing).toMatchObject([{ chainId: A, number: 1, isSameKey: true }]);
  receive(signedRoot(1, { root: word(4) }));
  receive(signedRoot(1));
  expect(differing).toHaveLength(1);
  expect(await waiting()).toEqual([[A, 2]]);
  receive(signedRoot(2, { root: word(4) }, replicaKey(A)));
  expect(differing.at(-1)).toMatchObject({ number: 2, isSameKey: false });
});

test('a key that is behind is compared as long as the height is remembered', () => {
  for (let number = 1; number <= 256; number++) receive(signedRoot(number));
  receive(signedRoot(1, { root: word(4) }, replicaKey(A)));
  expect(differing).toHaveLength(1);
  receive(signedRoot(257));
  receive(signedRoot(258));
  receive(signedRoot(2, { root: word(4) }, replicaKey(A)));
  expect(differing).toHaveLength(1);
});

const log = (bytes: Uint8Array): void => void inLog.add(bytesToHex(entryId(encodeEntry(EntryKind.STATE_ROOT, bytes))));

test('a root that the log has already, by an earlier leader, never waits: no block could take it', async () => {
  log(signedRoot(3));
  receive(signedRoot(3));
  expect(await waiting()).toEqual([]);
  receive(signedRoot(4));
  expect(await waiting()).toEqual([[A, 4]]);
});

test('when a term begins, what waited and turned out to be durable waits no longer; the rest still does', async () => {
  receive(signedRoot(3));
  receive(signedRoot(3, {}, replicaKey(A)));
  await settled();
  log(signedRoot(3)); // in a block whose outcome nobody knew when the term ended
  await desk.begin();
  expect(await waiting()).toEqual([[A, 3]]);
  expect(SignedStateRoot.deserialize(entryBody(desk.entries()[0]!.bytes)).signature.slice(0, 20)).toEqual(
    replicaKey(A),
  );
});

test('a look-up that a new term overtakes is made again', async () => {
  isHeld = true;
  receive(signedRoot(3));
  await settled();
  log(signedRoot(3));
  await desk.begin();
  isHeld = false;
  held[0]!();
  expect(await waiting()).toEqual([]);
});

test('roots count under the keys that the rollup had in their block, whatever it has now', () => {
  const [old, next] = [votingKey(A), word(0x77).slice(0, 20)];
  const rollups = genesis.registry.rollups.map((rollup) =>
    rollup.chainId === A ? { ...rollup, votingKey: next } : rollup,
  );
  const rotated = new RollupKeys(genesis.registry);
  rotated.changed({ ...genesis.registry, rollups }, 11);
  const judge = (number: number, key: Uint8Array): string | null =>
    desk.receive(signedRoot(number, {}, key), rotated, HEAD);
  expect([judge(10, old), judge(11, next)]).toEqual([null, null]);
  expect([judge(11, old), judge(10, next)]).toEqual(['wrong_key', 'wrong_key']);
  expect(judge(12, replicaKey(A))).toBeNull();
});
