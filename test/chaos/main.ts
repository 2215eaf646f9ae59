import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Cell, cellName, formatReports, runChaos } from '#libs/testkit';
import { appendCoverage, printCoverage } from './coverage.js';
import { printReport } from './print-report.js';

const USAGE = `npm run chaos -- --seed N --minutes M     faults on a network of real processes, by the seed's plan
              --cells REGEX              only cells whose name (row/column) matches
              --sequencers N             2 by default
              --keep                     keep logs and data
npm run chaos -- --coverage              counts cells over all runs so far
npm run chaos -- --long                  the two-minute freeze and black hole`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    cells: { type: 'string' },
    sequencers: { type: 'string', default: '2' },
    keep: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) return (print(USAGE), 0);
  if (values.coverage) return printCoverage(print) ? 0 : 1;
  const pattern = values.cells === undefined ? null : new RegExp(values.cells);
  const dataDir = mkdtempSync(join(tmpdir(), 'lockstep-chaos-'));
  print(`seed ${values.seed}, ${values.minutes} min, data in ${dataDir}`);
  const started = performance.now();
  const report = await runChaos({
    seed: Number(values.seed),
    durationMs: Number(values.minutes) * 60_000,
    dataDir,
    sequencers: Number(values.sequencers),
    ...(pattern ? { only: (cell: Cell) => pattern.test(cellName(cell)) } : {}),
    log: (line) => print(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)}  ${line}`),
  });
  print(formatReports(report.invariants));
  printReport(report, print);
  appendCoverage(report);
  if (report.passed && !values.keep) rmSync(dataDir, { recursive: true, force: true });
  else print(`logs and data are kept in ${dataDir}`);
  print(
    report.passed
      ? `seed ${report.seed} passed`
      : `FAILED: npm run chaos -- --seed ${report.seed} --minutes ${values.minutes}`,
  );
  return report.passed ? 0 : 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
