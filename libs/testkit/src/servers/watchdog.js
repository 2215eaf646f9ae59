// Stops the processes of a parent that died without doing so itself, for instance by SIGKILL.
//
// The parent starts one of these, in a session of its own, and holds the other end of its standard input. Each line
// there is an order: {"op":"guard", ...} or {"op":"release","pid":N}. The end of the input means that the parent is
// gone: whatever is still guarded gets its own signal, and SIGKILL when its grace has passed. Lower phases go first
// (our Node processes, which may still need the servers, before the servers).
//
// Plain JavaScript without dependencies, so that it starts at once and runs from the sources as from dist/.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { isProcessAlive, sendSignal } from './process-identity.js';

const POLL_MS = 20;

/**
 * @typedef {object} Guarded
 * @property {number} pid
 * @property {string | undefined} startTime
 * @property {NodeJS.Signals} signal asks it to end
 * @property {number} graceMs
 * @property {number} phase
 */

/** @type {Map<number, Guarded>} */
const guarded = new Map();

const orders = createInterface({ input: process.stdin });
orders.on('line', (line) => {
  const order = /** @type {{ op: 'guard' | 'release' } & Guarded} */ (JSON.parse(line));
  if (order.op === 'guard') guarded.set(order.pid, order);
  else guarded.delete(order.pid);
});
process.stdin.on('error', () => orders.close());
orders.on('close', () => void stopAll().finally(() => process.exit(0)));

async function stopAll() {
  const phases = [...new Set([...guarded.values()].map(({ phase }) => phase))].sort((a, b) => a - b);
  for (const phase of phases) {
    await Promise.all([...guarded.values()].filter((one) => one.phase === phase).map(stop));
  }
}

/** @param {Guarded} one */
async function stop({ pid, startTime, signal, graceMs }) {
  if (!isProcessAlive(pid, startTime)) return;
  signalQuietly(pid, signal);
  signalQuietly(pid, 'SIGCONT'); // a paused process could not end
  const graceEnd = performance.now() + graceMs;
  while (performance.now() < graceEnd) {
    if (!isProcessAlive(pid, startTime)) return;
    await delay(POLL_MS);
  }
  signalQuietly(pid, 'SIGKILL');
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function signalQuietly(pid, signal) {
  try {
    sendSignal(pid, signal);
  } catch {
    // Not ours to signal: nobody is left to tell.
  }
}
