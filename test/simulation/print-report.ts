import type { SimulationReport } from './run/run-simulation.js';

/** Adds up the reports of parts of one run; the trace of the whole is over those of its parts, in order. */
export interface PrintedRun {
  seed: number;
  isReal: boolean;
  workers: number;
  report: SimulationReport;
}

/** Prints what a run did. */
export function printReport({ seed, isReal, workers, report }: PrintedRun, print: (line: string) => void): void {
  const { schedules, elapsedMs, cpuMs, trace, blocks, entries, epochs, outcomes, faults } = report;
  const perSecond = (ms: number): string => ((1_000 * schedules) / ms).toFixed(0);
  print(`seed            ${seed}`);
  print(`schedules       ${schedules}, ${isReal ? 'real' : 'cheap'} signing and hashing`);
  print(`rate            ${perSecond(elapsedMs)} a second, ${perSecond(cpuMs)} a second of CPU, ${workers} workers`);
  print(`trace           ${trace}`);
  print(`log             ${blocks} blocks, ${entries} entries, ${epochs} epochs`);
  print('operations');
  printCounts(outcomes, print);
  print('faults');
  printCounts(faults, print);
}

function printCounts(counts: Record<string, number>, print: (line: string) => void): void {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  for (const [name, count] of sorted) print(`${String(count).padStart(10)}  ${name}`);
}
