import { JsonRequests } from '#libs/messaging';
import { createDataSource } from '#libs/persistence';
import { type Hex, readSubject } from '#libs/protocol';
import {
  type AskedExecutor,
  type EarlierLog,
  type History,
  readLogFrom,
  statesAtOneHeight,
} from '../../history/index.js';
import { waitFor } from '../../network/wait-for.js';
import type { ChaosNetwork } from '../network/chaos-network.js';
import type { ChaosClients } from './chaos-clients.js';

const STATE_MS_MAX = 20_000;
const REST_MS_MAX = 60_000;

/** Waits until all that was prepared is decided and every feed stands at one height. @throws Error naming what is not */
export async function waitForRest(clients: ChaosClients): Promise<void> {
  const { feeds } = clients;
  await waitFor(
    'every operation to be decided',
    () => feeds.every(({ undecided }) => undecided.size === 0),
    REST_MS_MAX,
  );
}

/** At rest: reads the log, what followers were handed, and what every executor and replica states at one height. */
export async function collectHistory(
  network: ChaosNetwork,
  clients: ChaosClients,
  earlier: readonly EarlierLog[],
): Promise<History> {
  const requests = new JsonRequests(network.nats.url);
  try {
    const asked = (process: { name: string }, chainId: number, subject: string): AskedExecutor => ({
      ...{ name: process.name, chainId, subject },
    });
    const { height, states: executors } = await statesAtOneHeight(
      requests,
      [
        ...network.executors.map(({ process, chainId }) => asked(process, chainId, readSubject(chainId))),
        ...network.replicas.map(({ process, chainId }) => asked(process, chainId, `${readSubject(chainId)}.replica`)),
      ],
      { databaseUrl: network.postgres.url },
    );
    await waitFor(
      `feeds at block ${height}`,
      () => clients.feeds.every(({ newest }) => (newest?.header.number ?? 0) >= height),
      STATE_MS_MAX,
    );
    const log = await readLogFrom(network.postgres.url, height);
    const followers = clients.feeds.map((feed) => feed.history(height));
    return { log, followers, executors, clients: clients.attempts.attempts, earlier };
  } finally {
    await requests.close();
  }
}

/** The hashes of the log as it stands now. */
export async function copyOfLog(network: ChaosNetwork, name: string): Promise<EarlierLog> {
  const dataSource = await createDataSource(network.postgres.url, { applicationName: 'chaos', poolSize: 1 });
  try {
    const rows = await dataSource.query<{ hash: Buffer }[]>(
      'SELECT hash FROM lockstep.blocks WHERE number > 0 ORDER BY number',
    );
    return { name, hashes: rows.map(({ hash }): Hex => `0x${hash.toString('hex')}`) };
  } finally {
    await dataSource.destroy();
  }
}
