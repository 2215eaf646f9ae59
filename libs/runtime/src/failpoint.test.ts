// A failpoint does nothing until the parent arms it; then it tells the parent and acts on the hit it was armed for.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ArmFailpoint } from './failpoint.js';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-failpoint-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const source = readFileSync(fileURLToPath(new URL('failpoint.ts', import.meta.url)), 'utf8');
const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext } });
writeFileSync(join(directory, 'failpoint.mjs'), outputText);
writeFileSync(
  join(directory, 'child.mjs'),
  `import { failpoint } from './failpoint.mjs';
   let passed = 0;
   let last = Promise.resolve();
   process.on('message', ({ pass }) => {
     if (!pass) return;
     last = last.then(() => failpoint(pass)).then(() => process.send({ passed: ++passed }));
   });
   setInterval(() => undefined, 1_000);
   process.send({ passed });`,
);

/** A process that passes a failpoint when told to, and what it has said so far. */
async function start(env: Record<string, string>): Promise<Child> {
  const child = spawn(process.execPath, [join(directory, 'child.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { PATH: process.env.PATH, ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const started = new Child(child);
  await started.until(() => started.said.length === 1);
  return started;
}

class Child {
  readonly said: unknown[] = [];
  signal: NodeJS.Signals | null = null;
  private wake = (): void => undefined;

  constructor(private readonly child: ChildProcess) {
    child.on('message', (message) => {
      this.said.push(message);
      this.wake();
    });
    child.on('exit', (_, signal) => {
      this.signal = signal;
      this.wake();
    });
  }

  send(message: ArmFailpoint | { pass: string }): void {
    this.child.send(message);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

const ENABLED = { LOCKSTEP_FAILPOINTS: '1' };

describe('a failpoint', () => {
  it('does nothing where failpoints are not enabled, whatever it is sent', async () => {
    const child = await start({});
    child.send({ failpoint: 'block-durable', action: 'kill' });
    child.send({ pass: 'block-durable' });
    await child.until(() => child.said.length === 2);
    expect(child.said[1]).toEqual({ passed: 1 });
  });

  it('kills on the hit it was armed for, and says so before', async () => {
    const child = await start(ENABLED);
    child.send({ failpoint: 'block-durable', action: 'kill', hit: 2 });
    child.send({ pass: 'block-durable' });
    child.send({ pass: 'prepare-durable' });
    child.send({ pass: 'block-durable' });
    await child.until(() => child.signal !== null);
    expect(child.signal).toBe('SIGKILL');
    expect(child.said.slice(1)).toEqual([
      { passed: 1 },
      { passed: 2 },
      { failpointHit: 'block-durable', action: 'kill' },
    ]);
  });

  it('delays once, then is disarmed', async () => {
    const child = await start(ENABLED);
    child.send({ failpoint: 'vote-unsent', action: 'delay', delayMs: 50 });
    child.send({ pass: 'vote-unsent' });
    await child.until(() => child.said.length === 3);
    child.send({ pass: 'vote-unsent' });
    await child.until(() => child.said.length === 4);
    expect(child.said.slice(1)).toEqual([
      { failpointHit: 'vote-unsent', action: 'delay' },
      { passed: 1 },
      { passed: 2 },
    ]);
  });

  it('can be disarmed, and armed before the process can hear', async () => {
    const armed: ArmFailpoint[] = [{ failpoint: 'store-opened', action: 'kill', delayMs: 0 }];
    const child = await start({ ...ENABLED, LOCKSTEP_FAILPOINTS_ARMED: JSON.stringify(armed) });
    child.send({ failpoint: 'block-arrived', action: 'kill' });
    child.send({ failpoint: 'block-arrived', action: 'disarm' });
    child.send({ pass: 'block-arrived' });
    await child.until(() => child.said.length === 2);
    child.send({ pass: 'store-opened' });
    await child.until(() => child.signal !== null);
    expect(child.said.slice(1)).toEqual([{ passed: 1 }, { failpointHit: 'store-opened', action: 'kill' }]);
  });
});
