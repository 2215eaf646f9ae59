import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerError } from './errors.js';
import { canExecute, type PostgresAccount } from './postgres-account.js';

/**
 * Makes a directory of a fixed name under the system's temporary directory that the account can pass through. Anyone
 * may create names there, so one that is not ours, or writable for others, is refused.
 *
 * @param name of the directory; the same name gives the same directory in the next run
 * @throws ServerError `data_directory_not_usable`
 */
export function sharedTmpDirectory(name: string, account: PostgresAccount): string {
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    if (!canExecute(parent, account)) continue;
    const directory = join(parent, name);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const { uid, mode } = lstatSync(directory);
    const isDirectory = (mode & 0o170_000) === 0o040_000;
    if (!isDirectory || uid !== process.getuid?.() || (mode & 0o022) !== 0) {
      throw new ServerError(
        'data_directory_not_usable',
        `${directory} belongs to someone else or others may write to it.`,
        'Remove it, or set TMPDIR to a directory of your own.',
      );
    }
    chmodSync(directory, 0o755);
    return directory;
  }
  throw new ServerError(
    'data_directory_not_usable',
    `The user postgres can pass through none of ${tmpdir()}, /tmp and /var/tmp.`,
    'Set TMPDIR to a directory that every user can pass through, or set DATABASE_URL.',
  );
}
