import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { type Cell, cellName, formatReports, runChaos, runLongOutage, temporaryDirectory } from '#libs/testkit';
import { appendCoverage, printCoverage } from './coverage.js';
import { printReport } from './print-report.js';

const USAGE = `npm run chaos -- --seed N --minutes M     faults on a network of real processes, by the seed's plan
              --cells REGEX              only cells whose name (row/column) matches
              --sequencers N             2 by default
              --keep                     keep logs and data
npm run chaos -- --coverage              counts cells over all seeds, the newest run of each; LOCKSTEP_CHAOS_COVERAGE names the file
              --commit HASH|all          only runs of this commit; by default of the newest run's
npm run chaos -- --long                  the two-minute freeze and black hole`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    cells: { type: 'string' },
    sequencers: { type: 'string', default: '2' },
    keep: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
    commit: { type: 'string' },
    long: { type: 'boolean', default: false },
    'outage-seconds': { type: 'string', default: '120' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) return (print(USAGE), 0);
  if (values.coverage) return printCoverage(values.commit, print) ? 0 : 1;
  if (values.long) return runLong();
  const pattern = values.cells === undefined ? null : new RegExp(values.cells);
  const dataDir = temporaryDirectory('chaos');
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

/** The named tests of two minutes each. */
async function runLong(): Promise<number> {
  let failed = 0;
  for (const kind of ['freeze', 'blackhole'] as const) {
    const dataDir = temporaryDirectory('chaos');
    print(`Postgres: ${kind} of ${values['outage-seconds']} s, data in ${dataDir}`);
    const outageMs = Number(values['outage-seconds']) * 1_000;
    const report = await runLongOutage({ kind, dataDir, outageMs, log: (line) => print(`  ${line}`) });
    print(formatReports(report.invariants));
    print(`  not ready after ${report.notReadyMs?.toFixed(0) ?? '?'} ms (at most 5,000)`);
    print(
      `  ${report.refused} submissions refused with an error, the slowest after ${report.refusedMsMax.toFixed(0)} ms`,
    );
    print(
      `  block ${report.blockMs?.toFixed(0) ?? '?'} ms, acknowledgement ${report.acknowledgedMs?.toFixed(0) ?? '?'} ms after the end (at most 10,000)`,
    );
    for (const problem of report.problems) print(`PROBLEM ${problem}`);
    print(report.passed ? `${kind}: passed` : `${kind}: FAILED`);
    if (report.passed && !values.keep) rmSync(dataDir, { recursive: true, force: true });
    failed += report.passed ? 0 : 1;
  }
  return failed > 0 ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

// Nest's NATS client would tell of every connection that we break.
Logger.overrideLogger(false);
const code = await main();
// Clients that never got an answer would hold us up.
process.stdout.write('', () => process.exit(code));
