import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Plan } from './plan/plan.js';
import { printReport } from './print-report.js';
import type { SimulationReport } from './run/run-simulation.js';
import { Trace } from './support/trace.js';
import type { WorkerTask } from './worker.js';

const USAGE = `npm run simulate -- --seed N --schedules M     random faults in virtual time, by the seed
                 --from K         begin with the seed's K-th schedule (0 is the first)
                 --workers W      how many threads share them, by default one for each core; the trace does not depend on it
                 --real-crypto    secp256k1, keccak and SSZ roots, and serialised slices, as in production
                 --json           the report as one line of JSON at the end`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    schedules: { type: 'string', default: '10000' },
    from: { type: 'string', default: '0' },
    workers: { type: 'string', default: String(availableParallelism()) },
    'real-crypto': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Schedules that one worker runs at a time: what the trace of the whole is made of, so fixed. */
const PART = 5_000;

/** A worker's report, with its failure's error as text. */
type PartReport = Omit<SimulationReport, 'failure'> & { failure: { index: number; error: string; plan: Plan } | null };

async function main(): Promise<number> {
  if (values.help) return (print(USAGE), 0);
  const [seed, schedules, from, workers] = [values.seed, values.schedules, values.from, values.workers].map(Number);
  if (![seed, schedules, from, workers].every(Number.isSafeInteger) || schedules! < 1 || workers! < 1) {
    print(`these are no numbers of schedules\n\n${USAGE}`);
    return 2;
  }
  const isReal = values['real-crypto'];
  const startedMs = performance.now();
  const parts = await runParts({ seed: seed!, from: from!, schedules: schedules!, isReal }, workers!);
  const report = joined(parts, performance.now() - startedMs);
  printReport({ seed: seed!, isReal, workers: workers!, report }, print);
  const failure = parts.find((part) => part.failure)?.failure;
  if (failure) {
    print(`\nFAILED in schedule ${failure.index}: ${failure.error}`);
    print(`\nminimised: ${JSON.stringify(failure.plan, null, 1)}`);
    const flags = isReal ? ' --real-crypto' : '';
    print(`\nrepeat: npm run simulate -- --seed ${seed} --from ${failure.index} --schedules 1${flags}`);
  } else print(`every invariant held`);
  if (values.json) print(JSON.stringify({ seed, isReal, ...report, failure: failure ?? null }));
  return failure ? 1 : 0;
}

/** Shares the schedules out among workers, in parts; stops handing them out at the first failure. */
async function runParts(task: WorkerTask, workers: number): Promise<PartReport[]> {
  const reports: PartReport[] = [];
  const parts = Math.ceil(task.schedules / PART);
  let next = 0;
  let hasFailed = false;
  const work = async (): Promise<void> => {
    const worker = startWorker();
    while (next < parts && !hasFailed) {
      const part = next++;
      const schedules = Math.min(PART, task.schedules - part * PART);
      const report = await runPart(worker, { ...task, from: task.from + part * PART, schedules });
      reports[part] = report;
      hasFailed ||= report.failure !== null;
      const done = reports.reduce((sum, { schedules: ofPart }) => sum + ofPart, 0);
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${task.schedules} schedules`);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(workers, parts) }, work));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return reports.filter((report) => report !== undefined);
}

function startWorker(): Worker {
  // What a schedule allocates is garbage with its end: a large nursery saves a fifth of the time.
  const resourceLimits = { maxYoungGenerationSizeMb: 96 };
  return new Worker(new URL('./worker.js', import.meta.url), { resourceLimits });
}

function runPart(worker: Worker, task: WorkerTask): Promise<PartReport> {
  return new Promise((resolve, reject) => {
    const ended = (code: number): void => reject(new Error(`a worker ended with ${code} and gave no report`));
    worker.once('message', (report: PartReport) => {
      worker.off('error', reject).off('exit', ended);
      resolve(report);
    });
    worker.once('error', reject).once('exit', ended);
    worker.postMessage(task);
  });
}

function joined(parts: readonly PartReport[], elapsedMs: number): SimulationReport {
  const trace = new Trace();
  const whole: SimulationReport = {
    ...{ schedules: 0, trace: '', elapsedMs, cpuMs: 0, blocks: 0, entries: 0, epochs: 0 },
    ...{ outcomes: {}, faults: {}, failure: null },
  };
  for (const part of parts) {
    for (const name of ['schedules', 'blocks', 'entries', 'epochs'] as const) whole[name] += part[name];
    addCounts(whole.outcomes, part.outcomes);
    addCounts(whole.faults, part.faults);
    for (let at = 0; at < 16; at += 8) trace.add(Number.parseInt(part.trace.slice(at, at + 8), 16) | 0);
  }
  const { user, system } = process.cpuUsage();
  return { ...whole, trace: trace.digest(), cpuMs: (user + system) / 1_000 };
}

function addCounts(to: Record<string, number>, more: Record<string, number>): void {
  for (const [name, count] of Object.entries(more)) to[name] = (to[name] ?? 0) + count;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
