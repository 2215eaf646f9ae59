import { randomBytes } from 'node:crypto';
import { createNkey, type Nkey } from '#libs/messaging';
import { LocalSigner } from '#libs/crypto';
import { ADMIN_ROLE, SEQUENCER_ROLE } from '#libs/persistence';
import { bytesToHex } from '#libs/protocol';
import type { Topology } from '#libs/runtime';
import {
  ADMIN_RIGHTS,
  CLIENT_RIGHTS,
  executorRights,
  natsServerConfig,
  type NatsRights,
  type NatsUser,
  PRICE_RIGHTS,
  replicaRights,
  SEQUENCER_RIGHTS,
} from './nats-users.js';

export interface SecretsOptions {
  /** Rollups, assets, balances: all of it stays but the keys. */
  topology: Topology;
  sequencers: number;
  /** Where the servers reach Postgres, `host:port`. */
  postgres: string;
  database: string;
  owner: string;
  /** PEM file with the authority of Postgres's certificate; with it, its URLs demand TLS. */
  postgresCa?: string | undefined;
  /** Hosts of NATS's cluster; see {@link natsServerConfig}. */
  natsCluster?: readonly string[];
}

/** Files by folder and name. A folder is what one service gets to see. */
export type SecretFiles = Map<string, Map<string, string>>;

/**
 * New keys, passwords and NATS users for a whole network, a folder for each service:
 *
 * | folder | files |
 * |---|---|
 * | `public` | `topology.json` with the addresses of the new keys |
 * | `nats` | `nats.conf` with the users' public keys |
 * | `postgres` | `password` of the owner, `replication-password` for a standby |
 * | `migrate` | `database-url` of the owner, `sequencer-password`, `admin-password` |
 * | `sequencer-<n>` | `key`, `nats-seed`, `database-url` |
 * | `executor-<rollup>` | `key`, `nats-seed` |
 * | `admin` | `nats-seed`, `database-url`, `registry-key`: it signs operators' commands |
 * | `operator` | what people use: `registry-key`, `price-key`, NATS seeds of operator, prices and client, keys and seeds of replicas |
 */
export function createSecrets(options: SecretsOptions): SecretFiles {
  const files: SecretFiles = new Map();
  const users: NatsUser[] = [];
  const put = (folder: string, name: string, text: string): void => {
    if (!files.has(folder)) files.set(folder, new Map());
    files.get(folder)!.set(name, text);
  };
  const key = (folder: string, name = 'key'): string => {
    const privateKey = randomBytes(32);
    put(folder, name, bytesToHex(privateKey));
    return bytesToHex(new LocalSigner(privateKey).address);
  };
  const user = (name: string, rights: NatsRights, folder = name, file = 'nats-seed'): void => {
    const { seed, publicKey }: Nkey = createNkey();
    put(folder, file, seed);
    users.push({ name, publicKey, rights });
  };
  const password = (): string => randomBytes(24).toString('hex');
  const passwords = { owner: password(), sequencer: password(), admin: password() };
  const tls = options.postgresCa === undefined ? '' : `?sslmode=verify-full&sslrootcert=${options.postgresCa}`;
  const databaseUrl = (role: string, secret: string): string =>
    `postgres://${role}:${secret}@${options.postgres}/${options.database}${tls}`;

  put('postgres', 'password', passwords.owner);
  put('postgres', 'replication-password', password());
  put('migrate', 'database-url', databaseUrl(options.owner, passwords.owner));
  put('migrate', 'sequencer-password', passwords.sequencer);
  put('migrate', 'admin-password', passwords.admin);

  const topology = structuredClone(options.topology);
  topology.registryKey = key('operator', 'registry-key');
  put('admin', 'registry-key', files.get('operator')!.get('registry-key')!);
  topology.sequencerKeys = [];
  for (let number = 1; number <= options.sequencers; number++) {
    const folder = `sequencer-${number}`;
    topology.sequencerKeys.push(key(folder));
    put(folder, 'database-url', databaseUrl(SEQUENCER_ROLE, passwords.sequencer));
    user(folder, SEQUENCER_RIGHTS);
  }
  for (const rollup of topology.rollups) {
    const executor = `executor-${rollup.name}`;
    rollup.votingKey = key(executor);
    user(executor, executorRights(rollup.chainId));
    const replica = `replica-${rollup.name}`;
    rollup.replicaKeys = [key('operator', `${replica}-key`)];
    user(replica, replicaRights(rollup.chainId), 'operator', `${replica}-nats-seed`);
  }
  const priceKey = key('operator', 'price-key');
  for (const market of topology.markets) market.priceKey = priceKey;
  put('admin', 'database-url', databaseUrl(ADMIN_ROLE, passwords.admin));
  user('admin', ADMIN_RIGHTS);
  user('operator', ADMIN_RIGHTS);
  user('price', PRICE_RIGHTS, 'operator', 'price-nats-seed');
  user('client', CLIENT_RIGHTS, 'operator', 'client-nats-seed');
  put('nats', 'nats.conf', natsServerConfig(users, options.natsCluster));
  put('public', 'topology.json', `${JSON.stringify(topology, null, 2)}\n`);
  return files;
}
