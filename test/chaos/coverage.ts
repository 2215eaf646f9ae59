import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cellName, CELLS, type ChaosReport, PROJECT_ROOT } from '#libs/testkit';
import { type CellCounts, cellOutcomes, describeCounts, sumCells } from './cell-outcomes.js';
import { matrixTable } from './print-report.js';

/** One line of JSON for each run. */
const FILE = process.env.LOCKSTEP_CHAOS_COVERAGE || join(PROJECT_ROOT, '.lockstep', 'chaos-coverage.jsonl');

/** What one run adds to the count over all seeds. */
export interface CoverageLine {
  /** Of the program that ran: a git hash, or `unknown` outside of git. */
  commit: string;
  seed: number;
  startedAt: string;
  passed: boolean;
  /** What each step came to, by the name of its cell. */
  cells: Record<string, CellCounts>;
  faults: number;
  decided: number;
  acknowledged: number;
  lost: number;
}

/** Adds what a run hit to the file that counts over all seeds. */
export function appendCoverage(report: ChaosReport): void {
  const line: CoverageLine = {
    commit: currentCommit(),
    seed: report.seed,
    startedAt: report.startedAt,
    passed: report.passed,
    cells: cellOutcomes(report.steps),
    faults: Object.values(report.faults).reduce((sum, count) => sum + count, 0),
    decided: report.operations.decided,
    acknowledged: report.attempts.acknowledged,
    lost: report.acknowledgedLost,
  };
  mkdirSync(dirname(FILE), { recursive: true });
  appendFileSync(FILE, `${JSON.stringify(line)}\n`);
}

/**
 * Prints what became of each cell over all seeds. Of several runs of a seed the newest counts.
 * @param commit only runs of this one (its hash or the beginning of it); `all`: of any; by default of the newest run's
 * @returns whether every cell was hit, and no run that counts has failed or lost anything
 */
export function printCoverage(commit: string | undefined, print: (line: string) => void): boolean {
  const all = readCoverage();
  const wanted = commit ?? all.at(-1)?.commit ?? 'all';
  const lines = countedRuns(all, wanted);
  const sums = sumCells(lines.map(({ cells }) => cells));
  for (const line of matrixTable((name) => describeCounts(sums.get(name)))) print(line);
  const missing = CELLS.map(cellName).filter((name) => !sums.get(name)?.ok);
  const failed = lines.filter(({ passed, lost }) => !passed || lost > 0);
  const sum = (read: (line: CoverageLine) => number): number => lines.reduce((total, line) => total + read(line), 0);
  const seeds = new Set(lines.map(({ seed }) => seed)).size;
  print('');
  print(
    'in each cell: steps that struck at its phase and recovered, + those that did not reach it, ! those that got stuck',
  );
  print(
    `commit                ${wanted === 'all' ? 'any' : wanted.slice(0, 12)}; ${all.length - lines.length} older or other runs left out`,
  );
  print(`seeds                 ${seeds}, ${lines.length - failed.length} of ${lines.length} runs passed`);
  print(`cells hit             ${CELLS.length - missing.length} of ${CELLS.length}`);
  print(`faults injected       ${sum(({ faults }) => faults)}`);
  print(`operations decided    ${sum(({ decided }) => decided)}`);
  print(`acknowledged entries  ${sum(({ acknowledged }) => acknowledged)}, lost: ${sum(({ lost }) => lost)}`);
  if (missing.length > 0) print(`never hit             ${missing.join(', ')}`);
  if (failed.length > 0) print(`FAILED seeds          ${failed.map(({ seed }) => seed).join(', ')}`);
  return lines.length > 0 && missing.length === 0 && failed.length === 0;
}

/** The runs that count, oldest first: the newest of each seed, of one commit or of all. */
export function countedRuns(lines: readonly CoverageLine[], commit: string): CoverageLine[] {
  const newest = new Map<number, CoverageLine>();
  for (const line of lines) {
    if (commit !== 'all' && !line.commit.startsWith(commit)) continue;
    newest.delete(line.seed); // so that the order is that of the runs
    newest.set(line.seed, line);
  }
  return [...newest.values()];
}

/** Every run in the file, oldest first. */
function readCoverage(): CoverageLine[] {
  if (!existsSync(FILE)) return [];
  const lines = readFileSync(FILE, 'utf8').split('\n').filter(Boolean);
  // Lines of an earlier form do not say which program ran.
  return lines.map((line) => JSON.parse(line) as CoverageLine).filter(({ commit }) => commit !== undefined);
}

function currentCommit(): string {
  try {
    const hash = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: PROJECT_ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
    return hash.toString().trim();
  } catch {
    return 'unknown';
  }
}
