import { cellName, type ChaosReport } from '#libs/testkit';

/** Steps of one cell: struck at its phase and recovered; the phase not reached; nothing came back afterwards. */
export interface CellCounts {
  ok: number;
  missed: number;
  stuck: number;
}

/** How the steps of each cell ended, by the cell's name. */
export function cellOutcomes(steps: ChaosReport['steps']): Record<string, CellCounts> {
  const cells: Record<string, CellCounts> = {};
  for (const { cell, reached, recoveredMs } of steps) {
    const counts = (cells[cellName(cell)] ??= { ok: 0, missed: 0, stuck: 0 });
    if (recoveredMs === null) counts.stuck += 1;
    else if (reached) counts.ok += 1;
    else counts.missed += 1;
  }
  return cells;
}

/** Adds up the cells of several runs. */
export function sumCells(runs: readonly Record<string, CellCounts>[]): Map<string, CellCounts> {
  const sums = new Map<string, CellCounts>();
  for (const cells of runs) {
    for (const [name, { ok, missed, stuck }] of Object.entries(cells)) {
      const before = sums.get(name) ?? { ok: 0, missed: 0, stuck: 0 };
      sums.set(name, { ok: before.ok + ok, missed: before.missed + missed, stuck: before.stuck + stuck });
    }
  }
  return sums;
}

/** Such as `12`, `11 +1`, `9 !1`; `never` where it was not hit. */
export function describeCounts(counts: CellCounts | undefined): string {
  const { ok, missed, stuck } = counts ?? { ok: 0, missed: 0, stuck: 0 };
  const hit = ok > 0 ? String(ok) : 'never';
  return [hit, missed > 0 ? `+${missed}` : '', stuck > 0 ? `!${stuck}` : ''].filter(Boolean).join(' ');
}
