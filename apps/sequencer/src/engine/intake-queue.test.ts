// Shows that what waits is bounded, keeps its order however it is taken and put back, and is told once when refused.
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { IntakeQueue } from './intake-queue.js';
import { SubmissionError } from './submission-error.js';
import { FakeCandidate } from './testing/fake-candidate.js';

const candidates = (count: number): FakeCandidate[] => Array.from({ length: count }, () => new FakeCandidate());

test('a full queue refuses with BUSY and wakes nobody for it', () => {
  const wake = vi.fn();
  const queue = new IntakeQueue(2, wake);
  const [first, second, third] = candidates(3);
  queue.push(first!);
  queue.push(second!);
  expect(queue.canAccept()).toBe(false);
  expect(() => queue.push(third!)).toThrow(
    expect.objectContaining({ code: 'BUSY', type: { rpcCode: -32005, code: 'BUSY' } }),
  );
  expect(queue.size).toBe(2);
  expect(wake).toHaveBeenCalledTimes(2);
});

test('what has its place already is taken into a full queue', () => {
  const queue = new IntakeQueue(1, () => undefined);
  const [first, second] = candidates(2);
  queue.push(first!);
  queue.pushAdmitted(second!);
  expect(queue.take(9)).toEqual([first, second]);
});

test('what is put back stands before everything that came since', () => {
  const queue = new IntakeQueue(10, () => undefined);
  const [a, b, c, d] = candidates(4);
  for (const one of [a!, b!, c!]) queue.push(one);
  const taken = queue.take(2);
  queue.push(d!);
  queue.putBack(taken);
  expect(queue.take(9)).toEqual([a, b, c, d]);
});

test('refuseAll tells each waiting candidate once, and nobody who was taken', () => {
  const queue = new IntakeQueue(10, () => undefined);
  const [taken, ...waiting] = candidates(3);
  for (const one of [taken!, ...waiting]) queue.push(one);
  queue.take(1);
  queue.refuseAll(SubmissionError.cannotWrite());
  queue.refuseAll(SubmissionError.notLeading());
  expect(waiting.map(({ told }) => told)).toEqual([[{ code: 'CANNOT_WRITE' }], [{ code: 'CANNOT_WRITE' }]]);
  expect(taken!.told).toEqual([]);
  expect(queue.size).toBe(0);
});

test('the policy orders what is taken together', () => {
  const queue = new IntakeQueue(10, () => undefined, { name: 'newest first', order: (items) => [...items].reverse() });
  const [a, b, c] = candidates(3);
  for (const one of [a!, b!, c!]) queue.push(one);
  expect(queue.take(2)).toEqual([b, a]);
  expect(queue.take(2)).toEqual([c]);
});

test('random taking and putting back is that of a plain list, also past the point where the array is cut', () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant('push' as const), count: fc.constantFrom(1, 3, 3000) }),
    fc.record({ do: fc.constant('take' as const), count: fc.constantFrom(1, 2, 2500) }),
    fc.record({ do: fc.constant('putBack' as const), count: fc.constantFrom(0, 1, 2) }),
  );
  const pool = candidates(3000);
  fc.assert(
    fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
      const queue = new IntakeQueue(Infinity, () => undefined);
      let model: FakeCandidate[] = [];
      let taken: FakeCandidate[] = [];
      for (const { do: what, count } of actions) {
        if (what === 'push') for (const one of pool.slice(0, count)) queue.push(one);
        if (what === 'push') model.push(...pool.slice(0, count));
        if (what === 'take') {
          taken = queue.take(count) as FakeCandidate[];
          expect(taken.length).toBe(Math.min(count, model.length));
          expect(taken.every((one, index) => one === model[index])).toBe(true);
          model = model.slice(taken.length);
        }
        if (what === 'putBack') {
          const back = taken.slice(-count);
          queue.putBack(back);
          model = [...back, ...model];
          taken = [];
        }
        expect(queue.size).toBe(model.length);
      }
    }),
    { numRuns: 100 },
  );
});
