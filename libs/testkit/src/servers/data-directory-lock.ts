import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ServerError } from './errors.js';
import { tryLockFile } from './file-lock.js';

const LOCK_FILE = 'lock';

/**
 * The right to use a data directory, held by one process at a time. It is a file `lock` in the directory with the
 * holder's pid and start time, so a lock whose holder has died (its pid perhaps reused since) is taken over.
 */
export class DataDirectoryLock {
  private constructor(
    readonly directory: string,
    private readonly releaseFile: () => void,
  ) {}

  /**
   * Takes the lock; the directory is made where it is missing.
   *
   * @throws ServerError `data_directory_in_use` naming the holder's pid, with nothing touched;
   *   `data_directory_not_usable` where it cannot be written to
   */
  static acquire(directory: string): DataDirectoryLock {
    const result = tryLockIn(directory);
    if (result.heldBy === undefined) return new DataDirectoryLock(directory, result.release);
    const { pid } = result.heldBy;
    throw new ServerError(
      'data_directory_in_use',
      `The data directory ${directory} is in use by ${pid === process.pid ? 'this process' : 'process'} ${pid}.`,
      'Stop that process, or set LOCKSTEP_DATA_DIR to another directory.',
    );
  }

  /** Gives the lock back. Calling it again does nothing. */
  release(): void {
    this.releaseFile();
  }
}

function tryLockIn(directory: string): ReturnType<typeof tryLockFile> {
  try {
    mkdirSync(directory, { recursive: true });
    return tryLockFile(join(directory, LOCK_FILE));
  } catch (error) {
    throw new ServerError(
      'data_directory_not_usable',
      `The data directory ${directory} cannot be written to: ${(error as Error).message}.`,
      'Make it writable for this user, or set LOCKSTEP_DATA_DIR to another directory.',
      { cause: error },
    );
  }
}
