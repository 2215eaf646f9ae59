import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findNatsServer } from './find-nats-server.js';
import { scratchDirectory } from './fixtures/scratch.js';

function fakeServer(version: string): { directory: string; path: string } {
  const directory = scratchDirectory();
  const path = join(directory, 'nats-server');
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(path, 0o755);
  return { directory, path };
}

const noInstall = (): Promise<string | undefined> => Promise.resolve(undefined);
const quiet = (): void => undefined;

test('NATS_SERVER_BIN goes before PATH, PATH before installing', async () => {
  const chosen = fakeServer('2.14.3');
  const inPath = fakeServer('2.10.1');
  const env = { PATH: inPath.directory, NATS_SERVER_BIN: chosen.path };
  expect(await findNatsServer(quiet, env, noInstall)).toEqual({ path: chosen.path, version: '2.14.3' });
  expect(await findNatsServer(quiet, { PATH: inPath.directory }, noInstall)).toMatchObject({ version: '2.10.1' });
});

test('one that is too old is passed over for the package manager', async () => {
  const old = fakeServer('2.8.4');
  const installed = fakeServer('2.9.10');
  const found = await findNatsServer(quiet, { PATH: old.directory }, () => Promise.resolve(installed.path));
  expect(found).toEqual({ path: installed.path, version: '2.9.10' });
});

test('a wrong NATS_SERVER_BIN is an error, not passed over', async () => {
  const old = fakeServer('2.8.4');
  await expect(findNatsServer(quiet, { NATS_SERVER_BIN: old.path }, noInstall)).rejects.toMatchObject({
    code: 'nats_server_not_usable',
    message: `NATS_SERVER_BIN=${old.path} is version 2.8.4. Set it to a nats-server 2.9 or later, or unset it.`,
  });
});

test('where none is to be had, the error names every way out and why fetching failed', async () => {
  const old = fakeServer('2.8.4');
  const failing = (): Promise<never> => Promise.reject(new Error('apt-get failed: no network'));
  const error = await findNatsServer(quiet, { PATH: old.directory }, failing).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'nats_server_missing' });
  const { message } = error as Error;
  for (const part of ['NATS_SERVER_BIN', 'NATS_URL', 'apt-get install', 'brew install', 'docker compose up']) {
    expect(message).toContain(part);
  }
  expect(message).toContain('is version 2.8.4; apt-get failed: no network');
});
