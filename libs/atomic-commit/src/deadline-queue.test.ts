import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Deadline, DeadlineQueue } from './deadline-queue.js';

type Step = { push: number } | { close: number } | { before: number };

const time = fc.nat(12);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(fc.record({ push: time }), fc.record({ close: fc.nat() }), fc.record({ before: time })),
  { maxLength: 80, size: 'max' },
);

it('knows the earliest open deadline and all before a time, as a plain list does', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const open = new Set<Deadline>();
      const queue = new DeadlineQueue<Deadline>((item) => open.has(item));
      for (const step of list) {
        if ('push' in step) {
          const item = { deadlineMs: step.push };
          open.add(item);
          queue.push(item);
        } else if ('close' in step) {
          open.delete([...open][step.close % Math.max(1, open.size)]!);
        } else {
          const found = queue.before(step.before);
          expect(new Set(found)).toEqual(new Set([...open].filter(({ deadlineMs }) => deadlineMs < step.before)));
          expect(new Set(found).size).toBe(found.length);
          const times = found.map(({ deadlineMs }) => deadlineMs);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
        }
        expect(queue.earliestMs()).toBe(Math.min(...[...open].map(({ deadlineMs }) => deadlineMs)));
      }
    }),
    { numRuns: 500 },
  );
});

it('looks at each item a few times only, however many are open', () => {
  const count = 5_000;
  const open = new Set(Array.from({ length: count }, (_, deadlineMs) => ({ deadlineMs })));
  let looks = 0;
  const queue = new DeadlineQueue<Deadline>((item) => {
    looks += 1;
    return open.has(item);
  });
  for (const item of open) queue.push(item);
  for (const item of open) {
    expect(queue.earliestMs()).toBe(item.deadlineMs);
    expect(queue.before(item.deadlineMs)).toEqual([]);
    expect(queue.before(item.deadlineMs + 1)).toEqual([item]);
    open.delete(item);
  }
  expect(queue.earliestMs()).toBe(Infinity);
  expect(looks).toBeLessThan(4 * count);
});
