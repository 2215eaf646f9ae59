import { cellName, type ChaosReport, COLUMNS, type Row, ROWS } from '#libs/testkit';
import { type CellCounts, cellOutcomes } from './cell-outcomes.js';

const TITLE_WIDTH = 48;
const CELL_WIDTH = 12;

/** A table of the matrix: what stands in each cell is up to the caller; an empty string where the matrix has none. */
export function matrixTable(cell: (name: string) => string): string[] {
  const line = (title: string, cells: readonly string[]): string =>
    `${title.padEnd(TITLE_WIDTH)}${cells.map((text) => text.padEnd(CELL_WIDTH)).join('')}`.trimEnd();
  const rows = (Object.keys(ROWS) as Row[]).map((row) => {
    const columns: readonly string[] = ROWS[row].columns;
    return line(
      ROWS[row].title,
      COLUMNS.map((column) => (columns.includes(column) ? cell(cellName({ row, column })) : '·')),
    );
  });
  return [line('fault \\ phase', COLUMNS), ...rows];
}

/** Prints what a run did and found. */
export function printReport(report: ChaosReport, print: (line: string) => void): void {
  const cells = cellOutcomes(report.steps);
  const outcome = ({ ok, missed, stuck }: CellCounts): string =>
    stuck > 0 ? 'STUCK' : ok > 0 ? (ok > 1 ? `ok ${ok}×` : 'ok') : missed > 0 ? 'not reached' : '';
  print('');
  for (const line of matrixTable((name) => (cells[name] ? outcome(cells[name]) : ''))) print(line);
  print('');
  for (const [fault, count] of Object.entries(report.faults)) print(`${String(count).padStart(4)}  ${fault}`);
  const { attempts, operations } = report;
  const faults = Object.values(report.faults).reduce((sum, count) => sum + count, 0);
  print('');
  print(`faults injected       ${faults}`);
  print(`blocks, entries       ${report.blocks}, ${report.entries}; ${report.epochs} epochs`);
  print(`longest epoch change  ${report.epochChangeMsMax} ms of log time`);
  const takeovers = report.steps.flatMap(({ takeoverMs }) => (takeoverMs === null ? [] : [Math.round(takeoverMs)]));
  print(`takeovers after kill  ${takeovers.length > 0 ? `${takeovers.join(', ')} ms` : 'none'}`);
  print(`operations decided    ${operations.decided}, ${operations.committed} of them committed`);
  print(
    `submissions           ${attempts.sent} sent, ${attempts.acknowledged} acknowledged, ${attempts.refused} refused, ` +
      `${attempts.unknown} without an answer; acknowledged and lost: ${report.acknowledgedLost}`,
  );
  print(`followers restarted   ${report.feedRestarts}`);
  for (const { invariant, status, violation } of report.invariants) {
    if (status === 'failed') print(`BROKEN ${invariant}: ${violation?.message}`);
  }
  for (const problem of report.problems) print(`PROBLEM ${problem}`);
}
