// Runs tools of node_modules/.bin, and counts what vitest ran.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './prepare.mjs';

/** @typedef {{ passed: number, failed: number }} Count */

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Count>} at least one failure where vitest did not end well or ran no test
 */
export async function runVitest(args, env = process.env) {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-vitest-'));
  const report = join(directory, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await runTool('vitest', ['run', ...reporters, ...args], env);
    const count = readReport(report);
    if (count.passed + count.failed === 0) console.error('no test ran');
    const isLost = count.failed === 0 && (code !== 0 || count.passed === 0);
    return isLost ? { ...count, failed: 1 } : count;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends what runs, and returns when it has ended: for a signal. */
export async function stopTools() {
  await Promise.all(
    [...running].map((child) => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      return ended;
    }),
  );
}

/**
 * @param {string} program in node_modules/.bin
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} exit code
 */
export function runTool(program, args, env = process.env) {
  const child = spawn(join(ROOT, 'node_modules', '.bin', program), args, { cwd: ROOT, stdio: 'inherit', env });
  running.add(child);
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      running.delete(child);
      resolve(code ?? 1);
    });
    child.once('error', (error) => {
      console.error(error.message);
      resolve(127);
    });
  });
}

/**
 * @param {string} path
 * @returns {Count}
 */
function readReport(path) {
  if (!existsSync(path)) return { passed: 0, failed: 0 };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'));
  // A file that could not be loaded has failed without a failed test in it.
  const lostFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + lostFiles.length };
}
