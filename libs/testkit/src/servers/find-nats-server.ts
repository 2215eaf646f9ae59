import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ServerError } from './errors.js';
import { installNatsServer } from './install-nats-server.js';

/** A nats-server program that can be run. */
export interface NatsServerBinary {
  path: string;
  /** Such as `2.9.10`. */
  version: string;
}

const VERSION_MIN = [2, 9] as const;
const VERSION_TIMEOUT_MS = 10_000;

/**
 * Finds a nats-server of version 2.9 or later: `NATS_SERVER_BIN`, then PATH, then this machine's package manager where
 * that needs no question (see {@link installNatsServer}).
 *
 * @param log gets what a person may want to know
 * @param env the environment to look in
 * @param install how to get one; for tests
 * @throws ServerError `nats_server_not_usable` where NATS_SERVER_BIN names a wrong one; `nats_server_missing`
 */
export async function findNatsServer(
  log: (line: string) => void = () => undefined,
  env: NodeJS.ProcessEnv = process.env,
  install: typeof installNatsServer = installNatsServer,
): Promise<NatsServerBinary> {
  const chosen = env.NATS_SERVER_BIN;
  if (chosen !== undefined && chosen !== '') {
    const version = await versionOf(chosen);
    if (version !== undefined && isRecent(version)) return { path: chosen, version };
    throw new ServerError(
      'nats_server_not_usable',
      `NATS_SERVER_BIN=${chosen} is ${version === undefined ? 'no nats-server that runs' : `version ${version}`}.`,
      `Set it to a nats-server ${VERSION_MIN.join('.')} or later, or unset it.`,
    );
  }
  const refusals: string[] = [];
  const inPath = executableInPath('nats-server', env.PATH ?? '');
  const candidates = [() => Promise.resolve(inPath), () => install(log, env)];
  for (const candidate of candidates) {
    try {
      const path = await candidate();
      if (path === undefined) continue;
      const version = await versionOf(path);
      if (version !== undefined && isRecent(version)) return { path, version };
      refusals.push(`${path} is ${version === undefined ? 'no program that runs' : `version ${version}`}`);
    } catch (error) {
      refusals.push((error as Error).message);
    }
  }
  throw missing(refusals);
}

function missing(refusals: readonly string[]): ServerError {
  return new ServerError(
    'nats_server_missing',
    `No nats-server ${VERSION_MIN.join('.')} or later was found, and it could not be fetched` +
      `${refusals.length === 0 ? '' : ` (${refusals.join('; ')})`}.`,
    [
      'Do one of these:',
      '  1. install it so that it is in PATH: apt-get install nats-server, or brew install nats-server',
      '  2. set NATS_SERVER_BIN to the program (https://github.com/nats-io/nats-server/releases)',
      '  3. set NATS_URL to a server that runs already',
      '  or start everything from images: docker compose up',
    ].join('\n'),
  );
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: VERSION_TIMEOUT_MS });
    return /nats-server: v(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1]);
}

function executableInPath(name: string, path: string): string | undefined {
  // Debian puts servers into directories that only root has in PATH.
  const directories = [...path.split(delimiter).filter(Boolean), '/usr/local/sbin', '/usr/sbin'];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
