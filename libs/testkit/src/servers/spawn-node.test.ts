import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { scratchDirectory } from './fixtures/scratch.js';
import { spawnNode } from './spawn-node.js';
import { type SupervisedProcess } from './supervised-process.js';

const script = fileURLToPath(new URL('fixtures/stubborn-child.js', import.meta.url));

function start(logFile?: string): SupervisedProcess {
  const child = spawnNode({ name: 'child', script, args: ['a', 'b'], ...(logFile === undefined ? {} : { logFile }) });
  onTestFinished(() => void child.stop(0));
  return child;
}

test('lines are captured, logged to a file and waited for', async () => {
  const logFile = join(scratchDirectory(), 'logs', 'child.log');
  const child = start(logFile);
  expect(await child.waitForLine(/^ready/, 20_000)).toBe('ready a b 1');
  expect(await child.waitForLine((line) => line.includes('a b'), 0)).toBe('ready a b 1');
  await child.stop(100);
  expect(readFileSync(logFile, 'utf8')).toContain('ready a b 1\n');
});

test('a process that ignores SIGTERM, paused besides, is stopped by SIGKILL in the end', async () => {
  const child = start();
  await child.waitForLine(/^ready/, 20_000);
  child.pause();
  expect(await child.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
  expect(child.lastLines(1)).toEqual(['no']);
  expect(await child.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  child.kill('SIGTERM'); // nothing happens any more
});

test('waiting for a line ends with a clear error when the process ends or the time has passed', async () => {
  const child = start();
  await child.waitForLine(/^ready/, 20_000);
  await expect(child.waitForLine(/never/, 20)).rejects.toMatchObject({
    code: 'line_not_seen',
    message: 'child did not write the expected line within 20 ms. Its last lines:\n  ready a b 1',
  });
  const waiting = expect(child.waitForLine(/never/, 20_000)).rejects.toMatchObject({ code: 'line_not_seen' });
  child.kill('SIGKILL');
  await waiting;
});

test('a program that cannot be run is an error at once', () => {
  const execPath = process.execPath;
  process.execPath = '/nonexistent/node';
  onTestFinished(() => void (process.execPath = execPath));
  expect(() => spawnNode({ name: 'child', script })).toThrow('/nonexistent/node cannot be run');
});
