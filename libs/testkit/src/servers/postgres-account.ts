import { execFileSync, spawnSync } from 'node:child_process';
import { ServerError } from './errors.js';

/** Under whom Postgres runs: another user if we are root, which Postgres refuses; else (empty) ourselves. */
export interface PostgresAccount {
  uid?: number;
  gid?: number;
}

const USER = 'postgres';

/**
 * The account for Postgres. As root this is the system's user `postgres`, which is created where it is missing.
 *
 * @throws ServerError `postgres_user_missing` where it cannot be created
 */
export function postgresAccount(): PostgresAccount {
  if (process.getuid?.() !== 0) return {};
  const account = lookUp();
  if (account !== undefined) return account;
  let cause: unknown;
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', USER], {
      stdio: 'pipe',
    });
  } catch (error) {
    cause = error; // another process may have created it just now
  }
  const created = lookUp();
  if (created !== undefined) return created;
  throw new ServerError(
    'postgres_user_missing',
    `Postgres does not run as root, and the user ${USER} could not be created.`,
    `Create it (useradd --system ${USER}), run as another user than root, or set DATABASE_URL.`,
    { cause },
  );
}

/** Says whether the account may pass through or execute a path, by asking the system as that account. */
export function canExecute(path: string, { uid, gid }: PostgresAccount): boolean {
  const { status } = spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], {
    cwd: '/',
    stdio: 'ignore',
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  return status === 0;
}

function lookUp(): PostgresAccount | undefined {
  try {
    const [uid, gid] = ['-u', '-g'].map((what) =>
      Number(execFileSync('id', [what, USER], { stdio: 'pipe', encoding: 'utf8' })),
    );
    return uid === undefined || gid === undefined ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}
