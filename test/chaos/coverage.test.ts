// Coverage over all seeds: of several runs of a seed at a commit the newest counts, so a bug that is mended is no failure.
import { describe, expect, it } from 'vitest';
import { cellOutcomes, describeCounts, sumCells } from './cell-outcomes.js';
import { countedRuns, type CoverageLine } from './coverage.js';

const run = (seed: number, passed: boolean, startedAt: string, commit = 'aaaa'): CoverageLine => {
  return { commit, seed, startedAt, passed, cells: {}, faults: 7, decided: 90, acknowledged: 1_000, lost: 0 };
};

describe('coverage', () => {
  it('takes the newest run of each seed at a commit: one that failed first and passed later has passed', () => {
    const lines = [
      run(1, false, '1'),
      run(2, true, '2'),
      run(1, true, '3'),
      run(2, false, '4'),
      run(3, true, '5', 'bb'),
    ];
    expect(countedRuns(lines, 'aa').map(({ seed, passed }) => [seed, passed])).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  it('leaves out other commits unless all are asked for', () => {
    const lines = [run(1, false, '1', 'old'), run(2, true, '2', 'old'), run(1, true, '3', 'new')];
    expect(countedRuns(lines, 'new').map(({ seed }) => seed)).toEqual([1]);
    expect(countedRuns(lines, 'all').map(({ seed, passed }) => [seed, passed])).toEqual([
      [2, true],
      [1, true],
    ]);
  });

  it('tells steps that hit from those that did not reach their phase or got stuck', () => {
    const step = (reached: boolean, recoveredMs: number | null) => {
      const cell = { row: 'natsLost', column: 'P3' } as const;
      return { cell, phase: 'P3' as const, reached, recoveredMs, takeoverMs: null, note: '' };
    };
    const cells = cellOutcomes([step(true, 5), step(true, 6), step(false, 7), step(true, null)]);
    expect(cells).toEqual({ 'natsLost/P3': { ok: 2, missed: 1, stuck: 1 } });
    const sums = sumCells([cells, cells]);
    expect(describeCounts(sums.get('natsLost/P3'))).toBe('4 +2 !2');
    expect(describeCounts(undefined)).toBe('never');
  });
});
