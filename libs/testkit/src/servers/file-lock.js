// Plain JavaScript on purpose: scripts/prepare.mjs takes this lock before anything is installed or compiled.
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { isProcessAlive, processStartTime } from './process-identity.js';

const ATTEMPTS_MAX = 20;

/**
 * @typedef {object} Holder who has the lock
 * @property {number} pid
 * @property {string | undefined} startTime
 * @property {string} token differs from one taking of the lock to the next
 */

/**
 * Takes a lock file, or says who has it. A lock whose holder is dead is taken over. The file appears with its content
 * in one step (a hard link), so nobody ever reads half of it.
 *
 * @param {string} path of the lock file; its directory must exist
 * @returns {{ release: () => void, heldBy?: undefined } | { heldBy: Holder }}
 * @throws an fs error where the directory is missing or not writable
 */
export function tryLockFile(path) {
  const me = { pid: process.pid, startTime: processStartTime(process.pid), token: randomBytes(8).toString('hex') };
  const text = JSON.stringify(me);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (createWhole(path, text)) return { release: () => releaseIfMine(path, text) };
    const found = readIfThere(path);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder !== undefined && isProcessAlive(holder.pid, holder.startTime)) return { heldBy: holder };
    removeIfStill(path, found);
  }
  throw new Error(`${path}: the lock file keeps changing`);
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {boolean} false where the file is there already
 */
function createWhole(path, text) {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, text, { flag: 'wx' });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    return createExclusive(path, text); // a file system without hard links
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * @param {string} path
 * @param {string} text
 */
function createExclusive(path, text) {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a stale lock. Another process may do the same at the same moment and have taken the lock since: moving the
 * file aside and looking at it again tells, and a lock moved by mistake is put back.
 *
 * @param {string} path
 * @param {string} stale
 */
function removeIfStill(path, stale) {
  const aside = `${path}.stale.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return;
    throw error;
  }
  const moved = readFileSync(aside, 'utf8');
  if (moved !== stale) createWhole(path, moved);
  rmSync(aside, { force: true });
}

/**
 * @param {string} path
 * @param {string} text
 */
function releaseIfMine(path, text) {
  if (readIfThere(path) === text) rmSync(path, { force: true });
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * @param {string} text
 * @returns {Holder | undefined} undefined where the file is no lock of ours or was cut short by a crash
 */
function parseHolder(text) {
  try {
    const value = /** @type {Partial<Holder>} */ (JSON.parse(text));
    if (typeof value.pid !== 'number') return undefined;
    return { pid: value.pid, startTime: value.startTime, token: String(value.token) };
  } catch {
    return undefined;
  }
}
