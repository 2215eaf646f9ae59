#!/usr/bin/env node
// A container's health check: exit 0 if a process answers its readiness endpoint with 200.
//   node bin/is-ready.js http://127.0.0.1:8545/readyz
import { get } from 'node:http';

const fail = () => process.exit(1);
get(process.argv[2] ?? '', { timeout: 2_000 }, (response) => process.exit(response.statusCode === 200 ? 0 : 1))
  .on('timeout', fail)
  .on('error', fail);
