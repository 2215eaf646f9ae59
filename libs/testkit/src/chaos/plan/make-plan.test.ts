// Seeds in a row go through every cell of the fault matrix, and a seed always gives the same plan.
import { describe, expect, it } from 'vitest';
import { cellName, CELLS, PHASES } from './cells.js';
import { makePlan, type Step } from './make-plan.js';

const STEPS = 7;

function first(seed: number, count = STEPS): Step[] {
  const plan = makePlan(seed);
  return Array.from({ length: count }, () => plan.next().value);
}

describe('the plan', () => {
  it('is the same for the same seed and another for another', () => {
    expect(first(5)).toEqual(first(5));
    expect(first(5)).not.toEqual(first(6));
  });

  it('hits every cell within ten seeds of seven steps', () => {
    const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
    const hit = new Set(seeds.flatMap((seed) => first(seed)).map(({ cell }) => cellName(cell)));
    expect(CELLS.map(cellName).filter((name) => !hit.has(name))).toEqual([]);
  });

  it('strikes each cell at both of its phases over many seeds', () => {
    const steps = Array.from({ length: 100 }, (_, index) => first(index + 1)).flat();
    for (const { column } of CELLS) {
      const phases = new Set(steps.filter(({ cell }) => cell.column === column).map(({ phase }) => phase));
      expect([...phases].sort()).toEqual([...PHASES[column]].sort());
    }
  });

  it('takes only the cells asked for, and refuses none', () => {
    const plan = makePlan(1, ({ row }) => row === 'natsLost');
    expect(plan.next().value.cell.row).toBe('natsLost');
    expect(() => makePlan(1, () => false).next()).toThrow(RangeError);
  });
});
