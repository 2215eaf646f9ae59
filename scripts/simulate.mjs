// npm run simulate: the core under random faults, in virtual time.
import { prepare, runMain } from './prepare.mjs';
import { runNode } from './run-node.mjs';

await runMain(async () => {
  await prepare();
  return runNode('dist/test/simulation/main.js', process.argv.slice(2));
});
