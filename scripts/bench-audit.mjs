// npm run bench:audit: how fast a log is audited.
import { prepare, runMain } from './prepare.mjs';
import { runNode } from './run-node.mjs';

await runMain(async () => {
  await prepare();
  return runNode('dist/test/bench/audit/main.js', process.argv.slice(2));
});
