import { parentPort, workerData } from 'node:worker_threads';
import { cheapCrypto, realCrypto } from './crypto/crypto-ports.js';
import { runSimulation } from './run/run-simulation.js';

/** What a worker is asked to run. */
export interface WorkerTask {
  seed: number;
  from: number;
  schedules: number;
  isReal: boolean;
}

const { seed, from, schedules, isReal } = workerData as WorkerTask;
const crypto = isReal ? realCrypto : cheapCrypto;
const onProgress = (done: number): void => parentPort?.postMessage({ done });
const report = await runSimulation({ seed, from, schedules, crypto, onProgress });
const { failure } = report;
// An error crosses over as its message and stack.
parentPort?.postMessage({
  report: { ...report, failure: failure && { ...failure, error: String(failure.error.stack) } },
});
