import { execFile, type ExecFileOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sharedTmpDirectory } from './shared-tmp.js';

const run = promisify(execFile);
const COMMAND_TIMEOUT_MS = 300_000;

/**
 * Gets nats-server from this machine's package manager without asking anyone anything.
 *
 * Debian, Ubuntu: apt downloads and checks the package as usual, with package lists of our own, and it is unpacked into
 * the user's cache directory. Nothing is installed into the system, so this needs no root and cannot start a system
 * service on port 4222. macOS: Homebrew.
 *
 * @param log gets what a person may want to know
 * @param env for HOME, XDG_CACHE_HOME and PATH
 * @returns path of the program; undefined where there is neither apt nor Homebrew
 * @throws Error where the package manager fails
 */
export async function installNatsServer(
  log: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  if (await canRun('apt-get', env)) return await unpackWithApt(log, env);
  if (await canRun('brew', env)) return await installWithBrew(log, env);
  return undefined;
}

async function unpackWithApt(log: (line: string) => void, env: NodeJS.ProcessEnv): Promise<string> {
  const cache = cacheDirectory(env);
  const home = join(cache, 'nats-server');
  const program = join(home, 'usr', 'sbin', 'nats-server');
  if (existsSync(program)) return program;
  log(`fetching nats-server with apt into ${home}`);
  const work = join(cache, `apt-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    const draft = join(work, 'unpacked');
    await downloadAndUnpack(work, draft, env);
    moveIntoPlace(draft, home, program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}

/** The user's cache directory, or one in the temporary directory for a user without a home. */
function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const cache = join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'lockstep');
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK);
    return cache;
  } catch {
    return sharedTmpDirectory(`lockstep-cache-${process.getuid?.() ?? 0}`, {});
  }
}

async function downloadAndUnpack(work: string, draft: string, env: NodeJS.ProcessEnv): Promise<void> {
  const directories = ['state/lists/partial', 'cache/archives/partial', 'package', 'unpacked'];
  for (const directory of directories) mkdirSync(join(work, directory), { recursive: true });
  const apt = [
    ...['-o', `Dir::State=${join(work, 'state')}`],
    ...['-o', 'Dir::State::status=/var/lib/dpkg/status'],
    ...['-o', `Dir::Cache=${join(work, 'cache')}`],
    ...['-o', 'APT::Sandbox::User=root'], // apt's own user may not write to our directory
    ...['-o', 'Debug::NoLocking=1'],
    '-qq',
  ];
  const cwd = join(work, 'package');
  const options = {
    cwd,
    timeout: COMMAND_TIMEOUT_MS,
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  };
  // A source that cannot be reached is a mere warning here: the others may do.
  const warnings = await runPlainly('apt-get', [...apt, 'update'], options);
  await runPlainly('apt-get', [...apt, 'download', 'nats-server'], options).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}${warnings && ` after: ${warnings}`}`, { cause: error });
  });
  const [file] = readdirSync(cwd);
  if (file === undefined) throw new Error('apt-get download nats-server gave no package');
  await runPlainly('dpkg-deb', ['-x', join(cwd, file), draft], options);
}

function moveIntoPlace(draft: string, home: string, program: string): void {
  try {
    renameSync(draft, home);
  } catch (error) {
    if (!existsSync(program)) throw error; // else another process was faster
  }
}

async function installWithBrew(log: (line: string) => void, env: NodeJS.ProcessEnv): Promise<string> {
  log('installing nats-server with Homebrew');
  const quiet = { ...env, HOMEBREW_NO_AUTO_UPDATE: '1', HOMEBREW_NO_ENV_HINTS: '1', NONINTERACTIVE: '1' };
  await runPlainly('brew', ['install', 'nats-server'], { timeout: COMMAND_TIMEOUT_MS, env: quiet });
  const { stdout } = await run('brew', ['--prefix', 'nats-server'], { env: quiet });
  return join(stdout.trim(), 'bin', 'nats-server');
}

/** Gives the last line of what the program complained about, and fails with that instead of the whole command line. */
async function runPlainly(program: string, args: string[], options: ExecFileOptions): Promise<string> {
  const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
  try {
    const { stderr } = await run(program, args, options);
    return lastLine(String(stderr));
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(`${program} failed: ${lastLine(stderr) || message}`, { cause: error });
  }
}

async function canRun(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await run(program, ['--version'], { env });
    return true;
  } catch {
    return false;
  }
}
