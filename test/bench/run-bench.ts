import type { BenchNetwork } from './bench-network.js';
import { LANES_PER_ROLLUP } from './bench-network.js';
import { measurePlainInserts, measureRecovery, type Recovery } from './measure/baselines.js';
import { DeliveryWatch } from './measure/delivery-watch.js';
import { ExerciseBench, type ExerciseShape } from './measure/exercises.js';
import { measurePacedLoad, PACED_FRAME_TRANSACTIONS, type PacedLoad, signPacedFrames } from './measure/half-load.js';
import { describeMachine, type Machine } from './measure/machine.js';
import { measureOneAtATime, type OneAtATime } from './measure/one-at-a-time.js';
import type { Latency } from './measure/quantiles.js';
import { FRAME_TRANSACTIONS, measureThroughput, signFrames, type Throughput } from './measure/throughput.js';

/** All that one run of the benchmark finds out; `--json` writes it. Rates are per second, latencies in ms. */
export interface Figures {
  machine: Machine;
  setting: {
    executors: number;
    frameTransactions: number;
    openFrames: number;
    senders: number;
    pacedFrameTransactions: number;
    exercise: ExerciseShape;
  };
  throughput: Throughput;
  oneAtATime: OneAtATime;
  halfLoad: PacedLoad;
  exercise: { idle: Latency; halfLoad: Latency };
  baselines: { recovery: Recovery; plainInsertsPerSecond: number };
  ratios: {
    orderedToRecoveries: number;
    /** CPU time of one recovery ÷ CPU time of one ordered transaction in all processes; null where it is not counted. */
    recoveryShareOfCpu: number | null;
    orderedToPlainInserts: number;
  };
}

export interface RunOptions {
  /** Length of the run at full load, and of the one at half load. */
  seconds: number;
  loadBefore: number;
  progress: (line: string) => void;
}

const WARM_UP_TRANSACTIONS = 12_000;
const ONE_AT_A_TIME = 300;
const IDLE_EXERCISES = 150;
const RECOVERY_MS = 2_000;
const INSERT_MS = 4_000;

/** Runs all measurements on a network that has just been started. */
export async function runBench(bench: BenchNetwork, { seconds, loadBefore, progress }: RunOptions): Promise<Figures> {
  const { network, nats, logId, lanes, database } = bench;
  progress('warming up');
  const warmUp = await measureThroughput(bench, signFrames(bench, WARM_UP_TRANSACTIONS));

  progress('signing the transactions for full load');
  const frames = signFrames(bench, warmUp.orderedPerSecond * seconds);
  const transactions = frames.flat(2).flatMap((frame) => frame.transactions);
  const recoveriesBefore = await measureRecovery(transactions, RECOVERY_MS);
  progress(`full load: ${transactions.length} transactions`);
  const throughput = await measureThroughput(bench, frames);
  const recoveriesAfter = await measureRecovery(transactions, RECOVERY_MS);

  progress('one at a time');
  const chainId = network.chainIds[0]!;
  const watch = await DeliveryWatch.start(network.natsUrl, network.rpcUrl, logId, chainId);
  const exercises = await ExerciseBench.start(bench, watch);
  const oneAtATime = await measureOneAtATime(bench, watch, lanes[0]!, ONE_AT_A_TIME);
  const idle = await exercises.measure((samples) => samples >= IDLE_EXERCISES);

  progress('half load');
  const rate = Math.round(throughput.orderedPerSecond / 2);
  const paced = signPacedFrames(bench, rate, seconds);
  let isLoaded = true;
  const loaded = measurePacedLoad(bench, watch, chainId, paced, rate).finally(() => (isLoaded = false));
  const [halfLoad, underLoad] = await Promise.all([loaded, exercises.measure(() => !isLoaded)]);
  exercises.stop();
  await watch.stop();

  progress('plain inserts');
  const plainInserts = await measurePlainInserts(database, transactions, INSERT_MS);
  await nats.flush();
  const recovery = {
    perSecond: Math.round((recoveriesBefore.perSecond + recoveriesAfter.perSecond) / 2),
    cpuMicroseconds: Math.min(recoveriesBefore.cpuMicroseconds, recoveriesAfter.cpuMicroseconds),
  };
  const ordered = throughput.orderedPerSecond;
  const cpuMicroseconds = throughput.cpu.reduce((sum, part) => sum + part.microsecondsPerTransaction, 0);
  return {
    machine: await describeMachine(database, loadBefore),
    setting: {
      executors: network.executors.size,
      frameTransactions: FRAME_TRANSACTIONS,
      openFrames: LANES_PER_ROLLUP * network.chainIds.length,
      senders: bench.senders.length,
      pacedFrameTransactions: PACED_FRAME_TRANSACTIONS,
      exercise: exercises.shape,
    },
    throughput,
    oneAtATime,
    halfLoad,
    exercise: { idle, halfLoad: underLoad },
    baselines: { recovery, plainInsertsPerSecond: plainInserts },
    ratios: {
      orderedToRecoveries: ratio(ordered / recovery.perSecond),
      recoveryShareOfCpu: cpuMicroseconds > 0 ? ratio(recovery.cpuMicroseconds / cpuMicroseconds) : null,
      orderedToPlainInserts: ratio(ordered / plainInserts),
    },
  };
}

const ratio = (value: number): number => Math.round(value * 100) / 100;
