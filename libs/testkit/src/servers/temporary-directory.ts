import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes a new directory under the system's temporary one that Postgres's own user can pass through as well: else its
 * data would be kept in another place (see `startPostgres`), and stay when this one is removed.
 * @param name part of its name
 */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `lockstep-${name}-`));
  chmodSync(directory, 0o755);
  return directory;
}
