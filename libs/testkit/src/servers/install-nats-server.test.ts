import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findNatsServer } from './find-nats-server.js';
import { scratchDirectory } from './fixtures/scratch.js';
import { installNatsServer } from './install-nats-server.js';

const hasApt = existsSync('/usr/bin/apt-get');

test.runIf(hasApt)(
  'apt gives a nats-server that runs, without touching the system, also to two at a time',
  async (context) => {
    const cache = scratchDirectory();
    const env = { ...process.env, XDG_CACHE_HOME: cache };
    const said: string[] = [];
    const log = (line: string): void => void said.push(line);
    const both = Promise.all([installNatsServer(log, env), installNatsServer(log, env)]);
    const [one, other] = await both.catch((error: Error) => {
      if (/failed to download|resolve|fetch|connect/i.test(error.message))
        context.skip(`the package server is out of reach: ${error.message}`);
      throw error;
    });
    expect(one).toBe(join(cache, 'lockstep', 'nats-server', 'usr', 'sbin', 'nats-server'));
    expect(other).toBe(one);
    expect(readdirSync(join(cache, 'lockstep'))).toEqual(['nats-server']);
    expect(said).toContain(`fetching nats-server with apt into ${join(cache, 'lockstep', 'nats-server')}`);

    // PATH without a nats-server is not to be had on every machine, so the found one is named.
    const found = await findNatsServer(log, { ...env, NATS_SERVER_BIN: one });
    expect(found.version).toMatch(/^2\.\d+/);

    said.length = 0;
    expect(await installNatsServer(log, env)).toBe(one);
    expect(said).toEqual([]); // it was there already
  },
);
