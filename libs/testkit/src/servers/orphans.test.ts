import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { compileFixtures } from './fixtures/compile.js';
import { scratchDirectory } from './fixtures/scratch.js';
import { startNats } from './nats.js';
import { startPostgres } from './postgres.js';
import { isProcessAlive, sendSignal } from './process-identity.js';
import { holdsWithin } from './wait-until.js';

const fixtures = compileFixtures();
afterAll(() => fixtures.remove());

interface DoomedParent {
  kill: () => void;
  children: { postgres: number; nats: number; stubborn: number; paused: number };
  watchdog: number;
}

/** Starts a process that has started Postgres, nats-server and two Node processes which ignore SIGTERM. */
async function startDoomedParent(dataDir: string): Promise<DoomedParent> {
  const parent = spawn(process.execPath, [fixtures.pathOf('doomed-parent.js'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  for await (const line of createInterface({ input: parent.stdout })) {
    const pids = JSON.parse(line) as Omit<DoomedParent, 'kill'>;
    return { ...pids, kill: () => void parent.kill('SIGKILL') };
  }
  throw new Error('the parent ended early');
}

const alive = (pids: readonly number[]): number[] => pids.filter((pid) => isProcessAlive(pid));

test('when the parent is killed by SIGKILL, its servers and Node processes go away, paused ones too', async () => {
  const { kill, children } = await startDoomedParent(scratchDirectory());
  const pids = Object.values(children);
  expect(pids).toHaveLength(4);
  expect(alive(pids)).toEqual(pids);
  kill();
  expect(await holdsWithin(() => alive(pids).length === 0, 20_000)).toBe(true);
});

test('when the watchdog is killed as well, the next start on the directory stops the servers left behind', async () => {
  const dataDir = scratchDirectory();
  const { kill, children, watchdog } = await startDoomedParent(dataDir);
  const pids = Object.values(children);
  onTestFinished(() => pids.forEach((pid) => sendSignal(pid, 'SIGKILL')));
  kill();
  sendSignal(watchdog, 'SIGKILL');
  expect(await holdsWithin(() => !isProcessAlive(watchdog), 5_000)).toBe(true);
  expect(alive([children.postgres, children.nats])).toHaveLength(2);

  const said: string[] = [];
  const log = (line: string): void => void said.push(line);
  const postgres = await startPostgres({ dataDir: `${dataDir}/postgres`, log });
  onTestFinished(() => postgres.stop());
  const nats = await startNats({ dataDir: `${dataDir}/nats`, log });
  onTestFinished(() => nats.stop());
  expect(alive([children.postgres, children.nats])).toEqual([]);
  expect(said.filter((line) => line.includes('left behind'))).toHaveLength(2);
});
