// Shows that a flood of incidents is bounded, that what is left out is counted, and that kinds do not hide one another.
import { beforeEach, expect, test } from 'vitest';
import { IncidentDesk } from './incident-desk.js';
import { SilentLogger } from './testing/silent-logger.js';

let nowMs: number;
let recorded: { kind: string; detail: Record<string, unknown> }[];
let counted: number;
let log: SilentLogger;
let desk: IncidentDesk;
beforeEach(() => {
  [nowMs, recorded, counted, log] = [0, [], 0, new SilentLogger()];
  desk = new IncidentDesk({
    record: (kind, detail) => {
      recorded.push({ kind, detail });
      return kind === 'lost' ? Promise.reject(new Error('the database is away')) : Promise.resolve();
    },
    count: () => (counted += 1),
    logger: log.port,
    monotonicMs: () => nowMs,
  });
});

const report = (count: number, kind = 'refused_vote', group?: string): void => {
  for (let n = 0; n < count; n++) desk.report(kind, { n }, group);
};

test('a flood leaves twenty rows and as many lines, then six a minute; the next one says how many were left out', () => {
  report(1_000);
  expect([recorded.length, log.said.length]).toEqual([20, 20]);
  nowMs = 60_000;
  report(1_000);
  expect(recorded).toHaveLength(26);
  expect(recorded[20]!.detail).toEqual({ n: 0, leftOut: 980 });
  expect(recorded[21]!.detail).toEqual({ n: 1 });
  expect(counted).toBe(2_000);
});

test('a flood of one kind, or of one rollup, hides no other', () => {
  report(1_000);
  report(1, 'conflicting_votes');
  report(1_000, 'differing_roots', 'differing_roots 101');
  report(1, 'differing_roots', 'differing_roots 102');
  expect(recorded.filter(({ kind }) => kind === 'conflicting_votes')).toHaveLength(1);
  expect(recorded.filter(({ kind }) => kind === 'differing_roots')).toHaveLength(21);
});

test('one that cannot be recorded is logged', async () => {
  report(1, 'lost');
  await new Promise((resolve) => setImmediate(resolve));
  expect(log.said).toEqual(['incident', 'an incident could not be recorded']);
});
