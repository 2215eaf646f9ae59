// npm run test:compose: the network of docker-compose.yml, built, tested from outside, broken and checked on a Docker engine.
//   --full   every fault rather than one for each service
//   --ha     the network of docker-compose.ha.yml alone; --default: the other one alone; other arguments go to vitest
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
const ALL_PROFILES = ['--profile', '*'];

const TEST_FILES = join('test', 'compose');
/** What is started, and what is tried on it. */
const NETWORKS = [
  { name: 'default', files: [], tests: 'compose.test.ts' },
  {
    name: 'ha',
    files: ['docker-compose.ha.yml', join(TEST_FILES, 'ha', 'docker-compose.ha-test.yml')],
    tests: 'promotion.test.ts',
  },
];

const OPTIONS = ['--full', ...NETWORKS.map(({ name }) => `--${name}`)];
const given = process.argv.slice(2);
const args = given.filter((argument) => !OPTIONS.includes(argument));
const chosen = NETWORKS.filter(({ name }) => given.includes(`--${name}`));
const faults = given.includes('--full') ? 'all' : 'ci';
const image = `lockstep-test-${process.pid}`;

/** @type {import('./run-vitest.mjs').Count} */
const total = { passed: 0, failed: 0 };
/** @type {NodeJS.ProcessEnv} */
let env = { ...process.env, LOCKSTEP_IMAGE: `${image}:runtime`, LOCKSTEP_PROBE_IMAGE: `${image}:probe` };
let isStarted = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    void stopTools().then(() => {
      remove();
      removeImages();
      process.exit(130);
    });
  });
}

try {
  requireEngine();
  await prepare();
  announce(`building ${image}`);
  docker('build', '--quiet', '--target', 'runtime', '--tag', `${image}:runtime`, '.');
  docker('build', '--quiet', '--target', 'probe', '--tag', `${image}:probe`, '.');
  for (const network of chosen.length > 0 ? chosen : NETWORKS) add(await tryNetwork(network));
} catch (error) {
  console.error(error instanceof PrepareError ? error.message : error);
  add({ passed: 0, failed: 1 });
}
removeImages();
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

/**
 * @param {(typeof NETWORKS)[number]} network
 * @returns {Promise<import('./run-vitest.mjs').Count>}
 */
async function tryNetwork({ name, files, tests }) {
  env = { ...env, ...(await settings(`${image}-${name}`, files)) };
  let count = { passed: 0, failed: 1 };
  isStarted = true;
  try {
    announce(`starting the network: ${name}`);
    docker('compose', 'up', '--detach', '--wait', '--wait-timeout', String(READY_SECONDS_MAX));
    announce('tests');
    const config = join(TEST_FILES, 'vitest.config.ts');
    count = await runVitest(['--config', config, tests, ...args], { ...env, COMPOSE_FAULTS: faults });
  } catch (error) {
    console.error(error instanceof PrepareError ? error.message : error);
  }
  if (count.failed > 0) keepLogs(name);
  remove();
  isStarted = false;
  return count;
}

function requireEngine() {
  for (const command of [['info'], ['compose', 'version'], ['buildx', 'version']]) {
    if (spawnSync('docker', command, { stdio: 'ignore' }).status === 0) continue;
    throw new PrepareError(
      `"docker ${command.join(' ')}" fails: npm run test:compose needs a Docker engine with compose and buildx.\n` +
        'Start one; on a Debian machine "scripts/provision-docker.sh" installs and starts it, as root.',
    );
  }
}

/**
 * @param {string} project
 * @param {string[]} files
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
async function settings(project, files) {
  const [rpc, rpc2, admin] = await freePorts(3);
  return {
    COMPOSE_PROJECT_NAME: project,
    COMPOSE_FILE: ['docker-compose.yml', join(TEST_FILES, 'docker-compose.test.yml'), ...files].join(':'),
    COMPOSE_PROGRESS: 'quiet',
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

/** @param {string} name of the network */
function keepLogs(name) {
  const folder = join(LOGS, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const service of docker('compose', ...ALL_PROFILES, 'ps', '--all', '--services')
    .split('\n')
    .filter(Boolean)) {
    writeFileSync(
      join(folder, `${service}.log`),
      docker('compose', ...ALL_PROFILES, 'logs', '--no-color', '--timestamps', service),
    );
  }
  writeFileSync(join(folder, 'containers.txt'), docker('compose', ...ALL_PROFILES, 'ps', '--all'));
  console.error(`logs of every container: ${folder}`);
}

/** Whatever there is of the network: containers, volumes, networks. */
function remove() {
  if (!isStarted) return;
  const down = ['down', '--volumes', '--remove-orphans', '--timeout', '5'];
  spawnSync('docker', ['compose', ...ALL_PROFILES, ...down], {
    cwd: ROOT,
    env,
    stdio: 'ignore',
  });
}

function removeImages() {
  spawnSync('docker', ['rmi', '--force', `${image}:runtime`, `${image}:probe`], { stdio: 'ignore' });
}

/** @param {import('./run-vitest.mjs').Count} count */
function add({ passed, failed }) {
  total.passed += passed;
  total.failed += failed;
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
