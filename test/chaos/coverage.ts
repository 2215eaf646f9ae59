import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cellName, CELLS, type ChaosReport, PROJECT_ROOT } from '#libs/testkit';
import { matrixTable } from './print-report.js';

/** One line of JSON for each run. */
const FILE = process.env.LOCKSTEP_CHAOS_COVERAGE ?? join(PROJECT_ROOT, '.lockstep', 'chaos-coverage.jsonl');

interface CoverageLine {
  seed: number;
  startedAt: string;
  passed: boolean;
  /** Cells that were hit, by name, with how often. */
  cells: Record<string, number>;
  faults: number;
  decided: number;
  lost: number;
}

/** Adds what a run hit to the file that counts over all seeds. */
export function appendCoverage(report: ChaosReport): void {
  const cells: Record<string, number> = {};
  for (const { cell, reached } of report.steps) {
    if (reached) cells[cellName(cell)] = (cells[cellName(cell)] ?? 0) + 1;
  }
  const line: CoverageLine = {
    seed: report.seed,
    startedAt: report.startedAt,
    passed: report.passed,
    cells,
    faults: Object.values(report.faults).reduce((sum, count) => sum + count, 0),
    decided: report.operations.decided,
    lost: report.acknowledgedLost,
  };
  mkdirSync(dirname(FILE), { recursive: true });
  appendFileSync(FILE, `${JSON.stringify(line)}\n`);
}

/** Prints how often each cell was hit over all runs. Returns whether every cell was, and no run failed. */
export function printCoverage(print: (line: string) => void): boolean {
  const lines = existsSync(FILE)
    ? readFileSync(FILE, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as CoverageLine)
    : [];
  const counts = new Map<string, number>();
  for (const { cells } of lines) {
    for (const [name, count] of Object.entries(cells)) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  for (const line of matrixTable((name) => String(counts.get(name) ?? 'never'))) print(line);
  const missing = CELLS.map(cellName).filter((name) => !counts.has(name));
  const failed = lines.filter(({ passed }) => !passed);
  const sum = (read: (line: CoverageLine) => number): number => lines.reduce((total, line) => total + read(line), 0);
  print('');
  print(
    `${lines.length} runs, ${CELLS.length - missing.length} of ${CELLS.length} cells, ${sum(({ faults }) => faults)} faults`,
  );
  print(`${sum(({ decided }) => decided)} operations decided, acknowledged entries lost: ${sum(({ lost }) => lost)}`);
  if (missing.length > 0) print(`never hit: ${missing.join(', ')}`);
  if (failed.length > 0) print(`failed seeds: ${failed.map(({ seed }) => seed).join(', ')}`);
  return missing.length === 0 && failed.length === 0;
}
