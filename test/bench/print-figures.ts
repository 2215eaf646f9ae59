import type { Latency } from './measure/quantiles.js';
import type { Figures } from './run-bench.js';

const NAME_WIDTH = 52;

/** The figures as a table that a person reads. */
export function formatFigures({
  machine,
  setting,
  throughput,
  oneAtATime,
  halfLoad,
  exercise,
  baselines,
  ratios,
}: Figures): string[] {
  const { loadAverage } = machine;
  const { legs, participants } = setting.exercise;
  return [
    `${machine.cores} cores (${machine.cpu}), Node ${machine.node}, Postgres ${machine.postgres}`,
    `fsync ${machine.fsync}, synchronous_commit ${machine.synchronousCommit}; load average ${loadAverage.before} before, ${loadAverage.after} after`,
    `1 sequencer, ${setting.executors} executors that verify every slice, all on this machine together with the client`,
    '',
    `Full load: ${setting.senders} senders, frames of ${setting.frameTransactions} over NATS, ${setting.openFrames} open at a time`,
    row('ordered, durable, applied by all executors', `${count(throughput.orderedPerSecond)} tx/s`),
    row('acknowledged (durable)', `${count(throughput.acknowledgedPerSecond)} tx/s`),
    row(
      'transactions, seconds, blocks, tx a block',
      [throughput.transactions, throughput.seconds, throughput.blocks, throughput.transactionsPerBlock]
        .map(count)
        .join(' · '),
    ),
    ...throughput.cpu.map(({ part, microsecondsPerTransaction }) =>
      row(`CPU: ${part}`, `${microsecondsPerTransaction} µs a tx`),
    ),
    '',
    'Submit to delivery by a verifying follower',
    latencyRow('one at a time over HTTP', oneAtATime.submitToDelivery),
    latencyRow('one at a time over HTTP, until acknowledged', oneAtATime.submitToAnswer),
    latencyRow(
      `half load, ${count(halfLoad.offeredPerSecond)} tx/s in frames of ${setting.pacedFrameTransactions}`,
      halfLoad.submitToDelivery,
    ),
    '',
    `Exercise submit to decision delivered: ${legs} legs, ${participants} participants`,
    latencyRow('idle, one at a time', exercise.idle),
    latencyRow('one at a time under half load', exercise.halfLoad),
    '',
    'Compared in the same run',
    row(
      'sender recovery alone, two workers',
      `${count(baselines.recovery.perSecond)} /s, ${baselines.recovery.cpuMicroseconds} µs of CPU each`,
    ),
    row('plain INSERT each, one connection, nothing checked', `${count(baselines.plainInsertsPerSecond)} rows/s`),
    row('ordered ÷ recoveries', String(ratios.orderedToRecoveries)),
    ...(ratios.recoveryShareOfCpu === null
      ? []
      : [row('CPU of one recovery ÷ CPU of one ordered tx', String(ratios.recoveryShareOfCpu))]),
    row('ordered ÷ plain inserts', String(ratios.orderedToPlainInserts)),
  ];
}

const row = (name: string, value: string): string => `  ${name.padEnd(NAME_WIDTH)}${value}`;

const latencyRow = (name: string, { p50, p99, samples }: Latency): string =>
  row(name, `p50 ${p50} ms   p99 ${p99} ms   (${count(samples)} samples)`);

const count = (value: number): string => value.toLocaleString('en-US');
