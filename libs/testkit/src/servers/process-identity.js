// Plain JavaScript on purpose: the watchdog and scripts/prepare.mjs run it before anything is compiled.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';

const HAS_PROC = existsSync('/proc/self/stat');

/**
 * Says when a process began, so that a pid that was given to another process later is not mistaken for the first.
 *
 * @param {number} pid
 * @returns {string | undefined} an opaque text that differs for two processes of the same pid, also after a reboot;
 *   undefined where the process is gone (a zombie counts as gone)
 */
export function processStartTime(pid) {
  if (!HAS_PROC) return startTimeFromPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold blanks; what follows has fixed places.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${bootId()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/**
 * Says whether a process runs.
 *
 * @param {number} pid
 * @param {string} [startTime] what {@link processStartTime} gave; where given, a later process of the same pid is
 *   not the one that is meant
 * @returns {boolean}
 */
export function isProcessAlive(pid, startTime) {
  const now = processStartTime(pid);
  return now !== undefined && (startTime === undefined || now === startTime);
}

/**
 * The words a process was started with.
 *
 * @param {number} pid
 * @returns {string | undefined} one line, words separated by blanks; undefined where it is gone or may not be read
 */
export function commandLine(pid) {
  try {
    if (HAS_PROC) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

/**
 * Sends a signal to a process that may be gone by now.
 *
 * @param {number} pid a negative one means the process group
 * @param {NodeJS.Signals} signal
 * @returns {boolean} false where there is no such process
 */
export function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false;
    throw error;
  }
}

/** @param {number} pid */
function startTimeFromPs(pid) {
  try {
    const options = /** @type {const} */ ({ encoding: 'utf8', stdio: 'pipe' });
    const [state = '', ...started] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], options)
      .trim()
      .split(/\s+/);
    return state.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}

/** @type {string | undefined} */
let cachedBootId;

function bootId() {
  if (cachedBootId === undefined) {
    try {
      cachedBootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      cachedBootId = 'unknown-boot';
    }
  }
  return cachedBootId;
}
