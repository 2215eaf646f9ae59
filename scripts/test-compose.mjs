// npm run test:compose: the network of docker-compose.yml, built, tested from outside, broken and checked on a Docker engine.
//   --full   every fault rather than one for each service; other arguments go to vitest
// It has a project name and ports of its own and removes all it made. On failure the logs of every container are kept.
// The last line is "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { prepare, PrepareError, ROOT } from './prepare.mjs';
import { runVitest, stopTools } from './run-vitest.mjs';

const LOGS = join(ROOT, '.cache', 'compose-logs');
const READY_SECONDS_MAX = 300;
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

const args = process.argv.slice(2).filter((arg) => arg !== '--full');
const isFull = process.argv.includes('--full');
const project = `lockstep-test-${process.pid}`;

/** @type {import('./run-vitest.mjs').Count} */
let count = { passed: 0, failed: 1 };
/** @type {NodeJS.ProcessEnv} */
let env = process.env;
let wasStarted = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    void stopTools().then(() => {
      remove();
      process.exit(130);
    });
  });
}

try {
  requireEngine();
  await prepare();
  env = await environment();
  announce(`building ${env.LOCKSTEP_IMAGE}`);
  docker('build', '--quiet', '--target', 'runtime', '--tag', env.LOCKSTEP_IMAGE, '.');
  docker('build', '--quiet', '--target', 'probe', '--tag', env.LOCKSTEP_PROBE_IMAGE, '.');
  announce('starting the network');
  wasStarted = true;
  docker('compose', 'up', '--detach', '--wait', '--wait-timeout', String(READY_SECONDS_MAX));
  announce('tests');
  const config = join('test', 'compose', 'vitest.config.ts');
  count = await runVitest(['--config', config, ...args], { ...env, COMPOSE_FAULTS: isFull ? 'all' : 'ci' });
} catch (error) {
  console.error(error instanceof PrepareError ? error.message : error);
}
if (wasStarted && count.failed > 0) keepLogs();
remove();
console.log(`\n${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed > 0 ? 1 : 0;

function requireEngine() {
  for (const command of [['info'], ['compose', 'version'], ['buildx', 'version']]) {
    if (spawnSync('docker', command, { stdio: 'ignore' }).status === 0) continue;
    throw new PrepareError(
      `"docker ${command.join(' ')}" fails: npm run test:compose needs a Docker engine with compose and buildx.\n` +
        'Start one; on a Debian machine "scripts/provision-docker.sh" installs and starts it, as root.',
    );
  }
}

/** @returns {Promise<NodeJS.ProcessEnv>} */
async function environment() {
  const [rpc, rpc2, admin] = await freePorts(3);
  return {
    ...process.env,
    COMPOSE_PROJECT_NAME: project,
    COMPOSE_FILE: `docker-compose.yml:${join('test', 'compose', 'docker-compose.test.yml')}`,
    COMPOSE_PROGRESS: 'quiet',
    LOCKSTEP_IMAGE: `${project}:runtime`,
    LOCKSTEP_PROBE_IMAGE: `${project}:probe`,
    ...{ RPC_PORT: String(rpc), RPC_PORT_2: String(rpc2), ADMIN_PORT: String(admin) },
  };
}

/**
 * Runs docker in the project's root.
 *
 * @param {...string} command
 * @throws PrepareError with what it said when it fails
 */
function docker(...command) {
  const { status, stdout, stderr } = spawnSync('docker', command, {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  if (status !== 0) throw new PrepareError(`docker ${command.join(' ')} failed:\n${stderr.slice(-8_000)}`);
  return stdout;
}

function keepLogs() {
  rmSync(LOGS, { recursive: true, force: true });
  mkdirSync(LOGS, { recursive: true });
  for (const service of docker('compose', 'ps', '--all', '--services').split('\n').filter(Boolean)) {
    writeFileSync(join(LOGS, `${service}.log`), docker('compose', 'logs', '--no-color', '--timestamps', service));
  }
  writeFileSync(join(LOGS, 'containers.txt'), docker('compose', 'ps', '--all'));
  console.error(`logs of every container: ${LOGS}`);
}

/** Whatever is there: containers, volumes, networks, images. */
function remove() {
  const quietly = { cwd: ROOT, env, stdio: 'ignore' };
  if (wasStarted) {
    const down = ['down', '--volumes', '--remove-orphans', '--timeout', '5'];
    spawnSync('docker', ['compose', '--profile', 'probe', ...down], quietly);
  }
  spawnSync('docker', ['rmi', '--force', `${project}:runtime`, `${project}:probe`], quietly);
}

/**
 * Ports that are free at this moment, all different.
 *
 * @param {number} wanted
 * @returns {Promise<number[]>}
 */
async function freePorts(wanted) {
  const servers = await Promise.all(
    Array.from({ length: wanted }, () => {
      const server = createServer();
      return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** @param {string} what */
function announce(what) {
  console.log(`── ${what} ${'─'.repeat(Math.max(0, 70 - what.length))}`);
}
