import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { DataDirectoryLock } from './data-directory-lock.js';
import { compileFixtures } from './fixtures/compile.js';
import { scratchDirectory } from './fixtures/scratch.js';
import { processStartTime } from './process-identity.js';
import { spawnNode } from './spawn-node.js';

const fixtures = compileFixtures();
afterAll(() => fixtures.remove());

test('a lock held by another process is refused naming its pid, and taken over once that process is killed', async () => {
  const directory = scratchDirectory();
  const script = fixtures.pathOf('lock-holder.js');
  const holder = spawnNode({ name: 'lock-holder', script, args: [directory] });
  onTestFinished(() => void holder.stop());
  await holder.waitForLine(/locked/, 20_000);
  expect(() => DataDirectoryLock.acquire(directory)).toThrow(
    `The data directory ${directory} is in use by process ${holder.pid}. ` +
      'Stop that process, or set LOCKSTEP_DATA_DIR to another directory.',
  );
  holder.kill('SIGKILL');
  await holder.exited;
  const lock = DataDirectoryLock.acquire(directory);
  expect(JSON.parse(readFileSync(join(directory, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  lock.release();
  expect(readdirSync(directory)).toEqual([]);
});

test('a pid that another process has by now does not keep a lock', () => {
  const directory = scratchDirectory();
  const stale = { pid: process.ppid, startTime: 'long ago', token: '00' };
  writeFileSync(join(directory, 'lock'), JSON.stringify(stale));
  DataDirectoryLock.acquire(directory).release();

  const live = { ...stale, startTime: processStartTime(process.ppid) };
  writeFileSync(join(directory, 'lock'), JSON.stringify(live));
  expect(() => DataDirectoryLock.acquire(directory)).toThrow(String(process.ppid));
});

test('a lock file cut short by a crash is taken over, and a released lock can be taken again', () => {
  const directory = scratchDirectory();
  writeFileSync(join(directory, 'lock'), '{"pid":');
  const first = DataDirectoryLock.acquire(directory);
  expect(() => DataDirectoryLock.acquire(directory)).toThrow(`this process ${process.pid}`);
  first.release();
  const second = DataDirectoryLock.acquire(directory);
  first.release(); // does not release what it no longer holds
  expect(() => DataDirectoryLock.acquire(directory)).toThrow('in use');
  second.release();
});
