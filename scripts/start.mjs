// npm start: the whole network and the guided scenario.
import { prepare, runMain } from './prepare.mjs';
import { runNode } from './run-node.mjs';

await runMain(async () => {
  await prepare();
  return runNode('dist/apps/cli/src/main.js', ['devnet', ...process.argv.slice(2)]);
});
