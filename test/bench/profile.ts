// Loaded into every process by --import: writes a CPU profile of the main thread when the process ends. Chrome's
// developer tools open it. (Node 20 does not take --cpu-prof from NODE_OPTIONS.)
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { basename, dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const SAMPLE_EVERY_US = 500;

const directory = process.env.LOCKSTEP_PROFILE_DIR;
if (directory !== undefined && isMainThread) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
  session.post('Profiler.start');
  process.once('exit', () => {
    // Answered before `post` returns, so there is time for it at exit.
    session.post('Profiler.stop', (error, { profile }) => {
      if (error) return;
      const app = basename(dirname(dirname(process.argv[1] ?? '')));
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, `${app}-${process.pid}.cpuprofile`), JSON.stringify(profile));
    });
  });
}
