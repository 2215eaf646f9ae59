#!/usr/bin/env node
// The CLI, built first where that has not been done.
import { existsSync } from 'node:fs';

const main = new URL('../dist/apps/cli/src/main.js', import.meta.url);
if (!existsSync(main)) {
  const { prepare } = await import('../scripts/prepare.mjs');
  await prepare();
}
await import(main.href);
