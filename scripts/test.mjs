// npm test: every check and every suite, all of them even where one fails. Arguments go to vitest.
// The last line is "N passed, N failed": tests, and one for each check.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, PrepareError, ROOT } from './prepare.mjs';
import { runTool, runVitest } from './run-vitest.mjs';

/** @typedef {import('./run-vitest.mjs').Count} Count */

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
    const code = await runTool(program, args);
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

/** @param {string} heading */
function announce(heading) {
  console.log(`\n── ${heading} ${'─'.repeat(Math.max(0, 70 - heading.length))}`);
}

/** @param {Count} count */
function add({ passed, failed }) {
  total.passed += passed;
  total.failed += failed;
}
