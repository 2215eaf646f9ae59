import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { API_ROLES, ApiKeys, type ApiKey, type ApiRole } from '#libs/persistence';
import { ConfigurationError } from '#libs/runtime';
import { runningPostgresUrl } from '#libs/testkit';
import { openDatabase } from './open-database.js';
import { print, table } from './console.js';
import { parseDuration } from './parse-duration.js';

interface Connection {
  database?: string;
  dataDir: string;
}

/** Keys of the admin API. They are made here and nowhere else: the API itself cannot make one. */
export function addApiKeyCommands(program: Command): void {
  const apiKey = program.command('api-key').description('keys of the admin API');

  connected(apiKey.command('create').description('make a key; it is shown this once'))
    .requiredOption('--name <name>', 'says whose it is, in lists and in the audit log')
    .addOption(new Option('--role <role>', 'what it may do').choices(API_ROLES).makeOptionMandatory())
    .option('--expires <duration>', 'as in 30d, 12h, 90m; never where not given')
    .action(async ({ name, role, expires, ...connection }: CreateOptions) =>
      withKeys(connection, async (keys) => {
        assertName(name);
        const expiresAt = expires === undefined ? null : new Date(Date.now() + parseDuration(expires, '--expires'));
        const { key, text } = await keys.create(name, role, expiresAt);
        print(`${text}\n${describe(key)}; keep it safe, it is not shown again`);
      }),
    );

  connected(apiKey.command('list').description('every key, without its secret')).action(
    async (connection: Connection) =>
      withKeys(connection, async (keys) => {
        const rows = (await keys.list()).map((key) => [key.id, key.name, key.role, stateOf(key)]);
        table([['id', 'name', 'role', 'state'], ...rows], '');
      }),
  );

  connected(apiKey.command('rotate <id>').description('make a key in the place of another'))
    .option('--overlap <duration>', 'how long the old one goes on', '24h')
    .action(async (id: string, { overlap, ...connection }: Connection & { overlap: string }) =>
      withKeys(connection, async (keys) => {
        const { key, text } = await keys.rotate(id, parseDuration(overlap, '--overlap'));
        print(`${text}\n${describe(key)} in the place of ${id}, which goes on for ${overlap}`);
      }),
    );

  connected(apiKey.command('revoke <id>').description('end a key at once')).action(
    async (id: string, connection: Connection) =>
      withKeys(connection, async (keys) => {
        print(`key ${(await keys.revoke(id)).id} is revoked`);
      }),
  );
}

interface CreateOptions extends Connection {
  name: string;
  role: ApiRole;
  expires?: string;
}

function connected(command: Command): Command {
  const { DATABASE_URL, LOCKSTEP_DATA_DIR } = process.env;
  return command
    .option('--database <url>', 'the Postgres of the network; else DATABASE_URL', DATABASE_URL || undefined)
    .option('--data-dir <directory>', 'of a devnet whose Postgres is embedded', LOCKSTEP_DATA_DIR || '.lockstep');
}

async function withKeys(connection: Connection, act: (keys: ApiKeys) => Promise<void>): Promise<void> {
  const dataDir = resolve(connection.dataDir);
  const url = connection.database ?? runningPostgresUrl(dataDir);
  if (url === null) {
    throw new ConfigurationError(
      { code: 'CONFIGURATION', setting: 'DATABASE_URL' },
      `There is no database: DATABASE_URL is not set, and no devnet runs on ${dataDir}.`,
      'Give the database by --database or DATABASE_URL, or a running devnet’s directory by --data-dir.',
    );
  }
  const dataSource = await openDatabase(url, { applicationName: 'lockstep api-key', poolSize: 1 });
  try {
    await act(new ApiKeys(dataSource));
  } finally {
    await dataSource.destroy();
  }
}

function assertName(name: string): void {
  if (/^[\x20-\x7e]{1,64}$/.test(name)) return;
  throw new ConfigurationError(
    { code: 'CONFIGURATION', setting: '--name' },
    `${JSON.stringify(name)} cannot name a key.`,
    'Use 1 to 64 printable ASCII characters.',
  );
}

const describe = ({ id, name, role, expiresAt }: ApiKey): string =>
  `key ${id} for ${name}, ${role}, ${expiresAt ? `until ${expiresAt.toISOString()}` : 'without end'}`;

function stateOf({ expiresAt, revokedAt, rotatedTo }: ApiKey): string {
  if (revokedAt) return `revoked ${revokedAt.toISOString()}`;
  const rotated = rotatedTo ? `, rotated to ${rotatedTo}` : '';
  if (!expiresAt) return `valid${rotated}`;
  return `${expiresAt.getTime() <= Date.now() ? 'expired' : 'valid until'} ${expiresAt.toISOString()}${rotated}`;
}
