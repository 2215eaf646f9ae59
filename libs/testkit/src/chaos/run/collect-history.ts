import { JsonRequests } from '#libs/messaging';
import { createDataSource } from '#libs/persistence';
import { type Hex, readSubject } from '#libs/protocol';
import {
  type EarlierLog,
  executorState,
  type ExecutorState,
  type History,
  readLogFrom,
  type StateJson,
} from '../../history/index.js';
import { waitFor } from '../../network/wait-for.js';
import type { ChaosNetwork } from '../network/chaos-network.js';
import type { ChaosClients } from './chaos-clients.js';

const STATE_MS_MAX = 20_000;
const REST_MS_MAX = 60_000;
/** So far ahead that the question is with the executors before the block is. */
const BLOCKS_AHEAD = 3;

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
    const subjects = [
      ...network.executors.map(({ process, chainId }) => [process.name, chainId, readSubject(chainId)] as const),
      ...network.replicas.map(
        ({ process, chainId }) => [process.name, chainId, `${readSubject(chainId)}.replica`] as const,
      ),
    ];
    await Promise.all(subjects.map(([name, , subject]) => untilAnswers(requests, name, subject)));
    const heights = clients.feeds.map(({ newest }) => newest?.header.number ?? 0);
    const height = Math.max(...heights) + BLOCKS_AHEAD;
    const executors = await Promise.all(
      subjects.map(([name, chainId, subject]) => stateAt(requests, name, chainId, subject, height)),
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

/** After a fault it takes an executor a moment until it is back on NATS. */
async function untilAnswers(requests: JsonRequests, name: string, subject: string): Promise<void> {
  const status = { method: 'lockstep_executorStatus', params: [] };
  await waitFor(
    `${name} to answer`,
    () =>
      requests.request(subject, status, 2_000).then(
        () => true,
        () => false,
      ),
    STATE_MS_MAX,
  );
}

async function stateAt(
  requests: JsonRequests,
  name: string,
  chainId: number,
  subject: string,
  height: number,
): Promise<ExecutorState> {
  const request = { method: 'lockstep_state', params: [{ height, timeoutMs: STATE_MS_MAX }] };
  const answer = await requests.request<{ result?: StateJson; error?: { message: string } }>(
    subject,
    request,
    STATE_MS_MAX + 2_000,
  );
  if (!answer.result) throw new Error(`${name} does not state its state at block ${height}: ${answer.error?.message}`);
  return executorState(name, chainId, answer.result);
}
