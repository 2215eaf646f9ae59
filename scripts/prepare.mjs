// What has to be done before anything else can run: dependencies and build. Node alone, since nothing is installed yet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tryLockFile } from '../libs/testkit/src/servers/file-lock.js';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_MIN = [20, 19, 0];
const LOCK_WAIT_MS = 15 * 60_000;
const LOCK_POLL_MS = 250;
const OUTPUT_SHOWN_BYTES = 8_000;
const SOURCES = [
  'apps',
  'libs',
  'migrations',
  'test/bench',
  'test/chaos',
  'test/compose/probe',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
];
const INSTALL_STAMP = join(ROOT, 'node_modules', '.lockstep-lock');
const BUILD_STAMP = join(ROOT, 'dist', '.lockstep-build');

/** A failure that a person can do something about: shown without a stack. */
export class PrepareError extends Error {}

/**
 * Makes sure that Node is recent, the dependencies are those of package-lock.json and dist/ is built from the sources
 * as they are. Does nothing where that is so. Of several runs at a time one works and the others wait.
 *
 * @param {{ log?: (line: string) => void }} [options] log gets a line for each thing that takes a while
 * @throws PrepareError
 */
export async function prepare({ log = (line) => console.error(line) } = {}) {
  checkNode();
  if (isInstalled() && isBuilt()) return;
  await withLock(log, async () => {
    if (!isInstalled()) await install(log);
    if (!isBuilt()) await build(log);
  });
}

/**
 * Runs a script's main function: its result is the exit code; a PrepareError is shown as a plain message.
 *
 * @param {() => Promise<number>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof PrepareError ? error.message : error);
    process.exitCode = 1;
  }
}

function checkNode() {
  const version = process.versions.node.split('.').map(Number);
  const differing = NODE_MIN.findIndex((part, i) => version[i] !== part);
  if (differing < 0 || version[differing] > NODE_MIN[differing]) return;
  throw new PrepareError(
    `Node ${process.versions.node} is too old for Lockstep. ` +
      `Install Node ${NODE_MIN.join('.')} or later (https://nodejs.org), then run this again.`,
  );
}

const lockHash = () => hashFiles(['package-lock.json']);
const isInstalled = () => readStamp(INSTALL_STAMP) === lockHash();
const isBuilt = () => readStamp(BUILD_STAMP) === sourceHash();

/** @param {(line: string) => void} log */
async function install(log) {
  log('installing dependencies …');
  const hash = lockHash();
  await runNpm(
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    'Installing dependencies failed.',
  );
  writeFileSync(INSTALL_STAMP, hash);
}

/** @param {(line: string) => void} log */
async function build(log) {
  log('building …');
  const hash = sourceHash(); // as of now: what changes during the build is built next time
  await runNpm(['run', '--silent', 'build'], 'The build failed.');
  mkdirSync(dirname(BUILD_STAMP), { recursive: true });
  writeFileSync(BUILD_STAMP, hash);
}

/**
 * Runs npm quietly; its output is shown only when it fails.
 *
 * @param {string[]} args
 * @param {string} complaint
 */
async function runNpm(args, complaint) {
  const cli = process.env.npm_execpath; // the npm that runs us
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []];
  const child = spawn(command, [...first, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_config_update_notifier: 'false' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-OUTPUT_SHOWN_BYTES)));
  }
  const code = await new Promise((resolve) => {
    child.once('close', resolve);
    child.once('error', (error) => resolve((output += error.message) && 127));
  });
  if (code !== 0) throw new PrepareError(`${complaint} npm ${args[0]} said:\n${output.trim()}`);
}

/**
 * @param {(line: string) => void} log
 * @param {() => Promise<void>} work
 */
async function withLock(log, work) {
  const path = join(ROOT, '.cache', 'prepare.lock'); // not in node_modules, which npm ci removes
  mkdirSync(dirname(path), { recursive: true });
  const end = Date.now() + LOCK_WAIT_MS;
  let hasSaidSo = false;
  for (;;) {
    const lock = tryLockFile(path);
    if (lock.heldBy === undefined) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    const { pid } = lock.heldBy;
    if (Date.now() > end)
      throw new PrepareError(`Process ${pid} has been installing for too long. Stop it, try again.`);
    if (!hasSaidSo) log(`waiting for process ${pid}, which is installing or building …`);
    hasSaidSo = true;
    await delay(LOCK_POLL_MS);
  }
}

function sourceHash() {
  return hashFiles(SOURCES.flatMap(filesBelow));
}

/**
 * @param {string} path from the root
 * @returns {string[]} files from the root, sorted; tests are not built
 */
function filesBelow(path) {
  const full = join(ROOT, path);
  if (!existsSync(full)) return [];
  if (/\.(json|ts|js)$/.test(path)) return [path];
  return readdirSync(full, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js|json)$/.test(name) && !name.endsWith('.test.ts'))
    .sort()
    .map((name) => join(path, name));
}

/** @param {string[]} paths from the root */
function hashFiles(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(ROOT, path)))
      .update('\0');
  return hash.digest('hex');
}

/** @param {string} path */
function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
