// npm test: every check and every suite, all of them even where one fails. Arguments go to vitest.
// The last line is "N passed, N failed": tests, and one for each check.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, PrepareError, ROOT } from './prepare.mjs';

/** @typedef {{ passed: number, failed: number }} Count */

// git keeps no empty folders
const SOURCE_FOLDERS = ['apps', 'libs', 'migrations', 'test'].filter((name) => existsSync(join(ROOT, name)));

/** @type {[heading: string, program: string, args: string[]][]} */
const CHECKS = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'eslint', ['.']],
  ['types', 'tsc', ['-p', 'tsconfig.json', '--noEmit']],
  ['import directions', 'depcruise', ['--config', '.dependency-cruiser.cjs', ...SOURCE_FOLDERS]],
];

/** @type {Count} */
const total = { passed: 0, failed: 0 };

try {
  await prepare();
  for (const [heading, program, args] of CHECKS) {
    announce(heading);
    const code = await run(program, args);
    console.log(code === 0 ? 'passed' : `failed: ${program} ended with ${code}`);
    add(code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  }
  announce('tests');
  add(await runVitest(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof PrepareError ? error.message : error);
  add({ passed: 0, failed: 1 });
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

/**
 * @param {string[]} args
 * @returns {Promise<Count>} at least one failure where vitest did not end well or ran no test
 */
async function runVitest(args) {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-vitest-'));
  const report = join(directory, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run('vitest', ['run', ...reporters, ...args]);
    const count = readReport(report);
    if (count.passed + count.failed === 0) console.error('no test ran');
    const isLost = count.failed === 0 && (code !== 0 || count.passed === 0);
    return isLost ? { ...count, failed: 1 } : count;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
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

/**
 * @param {string} program in node_modules/.bin
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
function run(program, args) {
  const child = spawn(join(ROOT, 'node_modules', '.bin', program), args, { cwd: ROOT, stdio: 'inherit' });
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', (error) => {
      console.error(error.message);
      resolve(127);
    });
  });
}

/** @param {string} heading */
function announce(heading) {
  console.log(`\n── ${heading} ${'─'.repeat(Math.max(0, 70 - heading.length))}`);
}

/** @param {Count} count */
function add({ passed, failed }) {
  total.passed += passed;
  total.failed += failed;
}
