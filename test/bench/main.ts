import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { exitWithParent } from '#libs/runtime';
import { formatAdminFigures, runAdminBench } from './admin/run-admin-bench.js';
import { BenchNetwork } from './bench-network.js';
import { currentLoad } from './measure/machine.js';
import { formatFigures } from './print-figures.js';
import { runBench } from './run-bench.js';

const USAGE = `npm run bench -- [options]     measures a whole network of real processes on this machine
              --seconds N   length of the runs at full and at half load, 8 by default
              --json FILE   write the figures to a file as well
              --admin       measures the admin API instead: lists on a million entries, the cost of polling
              --keep        keep logs and data
              --profile DIR write a CPU profile of each process's main thread; figures are lower then`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    json: { type: 'string' },
    admin: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) return (print(USAGE), 0);
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds <= 600)) throw new RangeError(`--seconds is ${values.seconds}, expected 1 to 600`);
  Logger.overrideLogger(['warn', 'error']); // standard output is the table's
  if (values.admin) {
    const figures = await runAdminBench(progress);
    print(formatAdminFigures(figures).join('\n'));
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
    return 0;
  }
  const loadBefore = currentLoad();
  const env = values.profile === undefined ? {} : profileTo(resolve(values.profile));
  progress(`starting a network; load average ${loadBefore}`);
  const bench = await BenchNetwork.start({ keep: values.keep, env });
  exitWithParent(() => bench.stop());
  try {
    const figures = await runBench(bench, { seconds, loadBefore, progress });
    print(formatFigures(figures).join('\n'));
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
  } finally {
    await bench.stop();
    if (values.keep) print(`logs and data are kept in ${bench.dataDir}`);
  }
  return 0;
}

/** Settings that make every process write a CPU profile when it ends. */
const profileTo = (directory: string): Record<string, string> => ({
  LOCKSTEP_PROFILE_DIR: directory,
  NODE_OPTIONS: `--import ${new URL('./profile.js', import.meta.url).href}`,
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Progress goes to standard error: standard output is the table. */
function progress(line: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(1).padStart(7)} s  ${line}\n`);
}

process.exitCode = await main();
