// Shows what a leader does that cannot write: it says so, tries again for its time, lets nobody wait for long, and never
// answers for what may be in the log.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LoopRig, STEP_DOWN_MS } from './testing/loop-rig.js';
import { START_MS } from './testing/world.js';

let rig: LoopRig;
beforeEach(() => {
  rig = new LoopRig();
});
afterEach(() => rig.close());

test('tries again at growing intervals, steps down after its time, and says so from the first failure on', async () => {
  await rig.start();
  rig.writer.otherwise = 'WRITE_FAILED';
  rig.offer();
  await rig.after(STEP_DOWN_MS - 1);
  expect(rig.end).toBeNull();
  expect(rig.times().slice(1, 7)).toEqual([0, 50, 100, 150, 200, 250]);
  await rig.after(1_000);
  expect(rig.end).toBe('cannot_write');
  expect(rig.writes.slice(1).every((ok) => !ok)).toBe(true);
});

test('asks for an unknown outcome at intervals that double up to a second', async () => {
  await rig.start();
  rig.writer.otherwise = 'OUTCOME_UNKNOWN';
  const asked: number[] = [];
  const outcomeOf = rig.writer.outcomeOf.bind(rig.writer);
  rig.writer.outcomeOf = (block) => {
    asked.push(Date.now() - START_MS);
    return outcomeOf(block);
  };
  const candidate = rig.offer();
  await rig.after(STEP_DOWN_MS + 1_000);
  expect(asked).toEqual([50, 150, 350, 750, 1_550, 2_550, 3_550, 4_550, 5_550, 6_550]);
  expect([rig.end, candidate.told, rig.queue.size]).toEqual(['cannot_write', [], 1]);
});

test('refuses what only waits after two seconds, and never what may be in the log', async () => {
  await rig.start();
  rig.writer.otherwise = 'OUTCOME_UNKNOWN';
  const inFlight = rig.offer();
  await rig.after(10);
  const waiting = rig.offer();
  await rig.after(1_500);
  expect(waiting.told).toEqual([]);
  await rig.after(1_040);
  expect(waiting.told).toEqual([{ code: 'CANNOT_WRITE' }]);
  expect(inFlight.told).toEqual([]);
  rig.writer.script.push('written');
  await rig.after(1_000);
  expect(inFlight.told).toEqual([{ sequence: 1n, block: 2 }]);
  expect(rig.end).toBeNull();
});

test('after two seconds refuses also what is in the block, once Postgres said that it was not written', async () => {
  await rig.start();
  rig.writer.otherwise = 'WRITE_FAILED';
  const inBlock = rig.offer();
  await rig.after(1_900);
  expect(inBlock.told).toEqual([]);
  await rig.after(200);
  expect([inBlock.told, rig.end]).toEqual([[{ code: 'CANNOT_WRITE' }], null]);
  rig.writer.otherwise = 'written';
  const later = rig.offer();
  await rig.after(100);
  expect(later.told).toHaveLength(1);
  expect(rig.writer.appends.at(-1)!.entries).toHaveLength(1);
});

test('counts a write that hung from when it was sent, and tries again what turns out to be absent', async () => {
  await rig.start();
  rig.writer.script.push('hang', 'absent');
  const inFlight = rig.offer();
  await rig.after(10);
  const waiting = rig.offer();
  await rig.after(4_990);
  rig.writer.release('OUTCOME_UNKNOWN');
  await rig.after(0);
  expect([inFlight.told, waiting.told]).toEqual([[], [{ code: 'CANNOT_WRITE' }]]);
  await rig.after(100);
  expect(inFlight.told).toEqual([{ sequence: 1n, block: 2 }]);
});

test('counts from the last good write', async () => {
  await rig.start();
  for (let round = 0; round < 4; round++) {
    rig.writer.otherwise = 'WRITE_FAILED';
    rig.offer();
    await rig.after(STEP_DOWN_MS - 1_000);
    rig.writer.otherwise = 'written';
    await rig.after(1_000);
  }
  expect(rig.end).toBeNull();
  expect(rig.writes.at(-1)).toBe(true);
});
