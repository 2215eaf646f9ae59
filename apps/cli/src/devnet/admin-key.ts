import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiKeys, createDataSource } from '#libs/persistence';

const FILE = 'admin.key';

/**
 * The devnet's key for the admin API, with the role admin: the one of an earlier run as long as it counts, else a new
 * one. It is kept in `admin.key` in the data directory, for its owner's eyes only.
 *
 * @returns the key's text and the file
 */
export async function ensureAdminKey(databaseUrl: string, dataDir: string): Promise<{ text: string; file: string }> {
  const file = join(dataDir, FILE);
  const dataSource = await createDataSource(databaseUrl, { applicationName: 'lockstep devnet', poolSize: 1 });
  try {
    const keys = new ApiKeys(dataSource);
    const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    if ((await keys.authenticate(kept)).status === 'valid') return { text: kept, file };
    const { text } = await keys.create('devnet', 'admin');
    rmSync(file, { force: true }); // the mode counts for a new file only
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return { text, file };
  } finally {
    await dataSource.destroy();
  }
}
