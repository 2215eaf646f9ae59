import { parentPort } from 'node:worker_threads';
import { cheapCrypto, realCrypto } from './crypto/crypto-ports.js';
import { runSimulation } from './run/run-simulation.js';

/** What a worker is asked to run. */
export interface WorkerTask {
  seed: number;
  from: number;
  schedules: number;
  isReal: boolean;
}

/** Runs one task after the other, for as long as its parent sends some: the second one runs on compiled code. */
parentPort?.on('message', ({ isReal, ...task }: WorkerTask) => {
  void runSimulation({ ...task, crypto: isReal ? realCrypto : cheapCrypto }).then((report) => {
    const { failure } = report;
    // An error crosses over as its message and stack.
    parentPort?.postMessage({ ...report, failure: failure && { ...failure, error: String(failure.error.stack) } });
  });
});
