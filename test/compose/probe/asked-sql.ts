import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { SqlRequest } from './protocol.js';

/** Runs statements one by one as a role; each in a transaction of its own. */
export async function askedSql({ urlFile, statements }: SqlRequest): Promise<string[]> {
  const client = new pg.Client({ connectionString: readFileSync(urlFile, 'utf8').trim() });
  await client.connect();
  const results: string[] = [];
  for (const statement of statements) {
    results.push(
      await client.query(statement).then(
        () => 'ok',
        (error: Error) => error.message,
      ),
    );
  }
  await client.end();
  return results;
}
