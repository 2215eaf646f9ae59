import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';

// Real processes: this one starts a parent, which starts a child and is killed.
const directory = mkdtempSync(join(tmpdir(), 'lockstep-exit-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const source = readFileSync(fileURLToPath(new URL('exit-with-parent.ts', import.meta.url)), 'utf8');
const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext } });
writeFileSync(join(directory, 'exit-with-parent.mjs'), outputText);
writeFileSync(
  join(directory, 'child.mjs'),
  `import { exitWithParent } from './exit-with-parent.mjs';
   import { writeFileSync } from 'node:fs';
   const [file, mode] = process.argv.slice(2);
   const wait = mode === 'hangs' ? 1e9 : 30;
   exitWithParent(
     () => new Promise((resolve) => setTimeout(() => resolve(writeFileSync(file, 'stopped')), wait)),
     { timeoutMs: 300 },
   );
   if (mode !== 'ends') setInterval(() => console.log('working'), 20);
   if (process.send) process.send(process.pid); else console.log(process.pid);`,
);
writeFileSync(
  join(directory, 'parent.mjs'),
  `import { spawn } from 'node:child_process';
   const [file, mode, stdio0, ipc] = process.argv.slice(2);
   const stdio = [stdio0, 'pipe', 'inherit', ...(ipc ? ['ipc'] : [])];
   const env = { ...process.env, LOCKSTEP_EXIT_WITH_PARENT: '1' };
   const child = spawn(process.execPath, [${JSON.stringify(join(directory, 'child.mjs'))}, file, mode], { stdio, env });
   child.once('message', (pid) => console.log(pid));
   if (!ipc) child.stdout.once('data', (pid) => console.log(String(pid)));
   child.once('exit', (code) => console.log('child exited ' + code));
   setInterval(() => {}, 1000);`,
);

interface Family {
  parent: ChildProcess;
  childPid: number;
  file: string;
  nextLine: () => Promise<string>;
}

async function startFamily(mode: 'stops' | 'hangs' | 'ends', ...channel: string[]): Promise<Family> {
  const file = join(directory, `${mode}-${channel.join('-')}`);
  const parent = spawn(process.execPath, [join(directory, 'parent.mjs'), file, mode, ...channel], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const nextLine = (): Promise<string> =>
    new Promise((resolve) => parent.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())));
  const childPid = Number(await nextLine());
  onTestFinished(() => {
    parent.kill('SIGKILL');
    if (isAlive(childPid)) process.kill(childPid, 'SIGKILL');
  });
  return { parent, childPid, file, nextLine };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z /.test(existsSync('/proc/self') ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '');
  } catch {
    return false;
  }
}

const gone = (pid: number): Promise<void> =>
  vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000, interval: 20 });

test.each([
  ['an IPC channel', ['ignore', 'ipc']],
  ['standard input', ['pipe']],
])('a process with %s to a parent that is killed stops in good order and exits', async (_, channel) => {
  const { parent, childPid, file } = await startFamily('stops', ...channel);
  parent.kill('SIGKILL');
  await gone(childPid);
  expect(readFileSync(file, 'utf8')).toBe('stopped');
});

test('a stop that hangs does not keep the process', async () => {
  const { parent, childPid, file } = await startFamily('hangs', 'ignore', 'ipc');
  parent.kill('SIGKILL');
  await gone(childPid);
  expect(existsSync(file)).toBe(false);
});

test('watching the parent does not keep a process that has nothing more to do', async () => {
  const { nextLine } = await startFamily('ends', 'ignore', 'ipc');
  expect(await nextLine()).toBe('child exited 0');
});
