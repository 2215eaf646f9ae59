// npm run bench: the benchmarks.
import { prepare, runMain } from './prepare.mjs';
import { runNode } from './run-node.mjs';

await runMain(async () => {
  await prepare();
  return runNode('dist/test/bench/main.js', process.argv.slice(2));
});
