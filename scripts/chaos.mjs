// npm run chaos: faults on a network of real processes.
import { prepare, runMain } from './prepare.mjs';
import { runNode } from './run-node.mjs';

await runMain(async () => {
  await prepare();
  return runNode('dist/test/chaos/main.js', process.argv.slice(2));
});
