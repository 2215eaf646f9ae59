import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { connectNats, type NatsConnection } from '#libs/messaging';
import { Network, PROJECT_ROOT, readLogId, temporaryDirectory } from '#libs/testkit';
import type { Topology } from '#libs/runtime';
import { createLanes, createSenders, type LoadLane } from './load/lanes.js';
import type { BenchSender } from './load/signed-transactions.js';

/** Frames that are open at a time on each rollup while the load is as high as it goes. */
export const LANES_PER_ROLLUP = 4;
const WEALTH = '1000000000000000000000';

export interface BenchNetworkOptions {
  /** Keep logs and data. */
  keep: boolean;
  /** Start the admin API as well. */
  adminApi?: boolean;
  /** More settings for every process. */
  env?: Record<string, string>;
}

/** A network of its own for the benchmark, and the clients that load it. */
export class BenchNetwork {
  private constructor(
    readonly network: Network,
    readonly nats: NatsConnection,
    readonly database: pg.Client,
    readonly logId: Uint8Array,
    readonly senders: readonly BenchSender[],
    readonly lanes: readonly LoadLane[],
    readonly dataDir: string,
    private readonly keep: boolean,
  ) {}

  /** Starts Postgres, NATS, one sequencer and three executors on free ports, in a temporary directory. */
  static async start({ keep, adminApi = false, env = {} }: BenchNetworkOptions): Promise<BenchNetwork> {
    const dataDir = temporaryDirectory('bench');
    try {
      const senders = createSenders(LANES_PER_ROLLUP);
      const topologyFile = writeTopology(dataDir, senders);
      const network = await Network.start({ dataDir, topologyFile, adminApi, env });
      const nats = await connectNats({ servers: network.natsUrl, name: 'bench' });
      const database = new pg.Client({ connectionString: network.databaseUrl, application_name: 'bench' });
      await database.connect();
      const logId = await readLogId(network.rollupUrl(network.chainIds[0]!));
      const lanes = createLanes(network.chainIds, senders);
      return new BenchNetwork(network, nats, database, logId, senders, lanes, dataDir, keep);
    } catch (error) {
      if (!keep) rmSync(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  /** Number of the newest durable block, and how many transactions the log has. */
  async head(): Promise<{ number: number; transactions: number }> {
    const { rows } = await this.database.query<{ number: string; transactions: string }>(
      'SELECT (SELECT number FROM lockstep.head) AS number, count(*) AS transactions FROM lockstep.entries WHERE kind = 1',
    );
    return { number: Number(rows[0]!.number), transactions: Number(rows[0]!.transactions) };
  }

  /**
   * Waits until every executor has applied the newest durable block.
   * @returns when that was, ms of the monotonic clock
   */
  async allApplied(): Promise<number> {
    const { rows } = await this.database.query<{ number: string }>('SELECT number FROM lockstep.head');
    await this.network.waitForHeight(Number(rows[0]!.number));
    return performance.now();
  }

  /** @throws Error unless each executor's state has every transaction that its senders have signed */
  async assertApplied(): Promise<void> {
    for (const chainId of this.network.chainIds) {
      for (const sender of [this.senders[0]!, this.senders.at(-1)!]) {
        const count = await this.network.read<string>(chainId, 'eth_getTransactionCount', [
          sender.addressHex,
          'latest',
        ]);
        if (BigInt(count) === sender.signedOn(chainId)) continue;
        throw new Error(`executor ${chainId} has ${count} of ${sender.signedOn(chainId)} transactions of a sender`);
      }
    }
  }

  async stop(): Promise<void> {
    await this.nats.close();
    await this.database.end();
    await this.network.stop();
    if (!this.keep) rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** The devnet's topology with money for the benchmark's senders. */
function writeTopology(dataDir: string, senders: readonly BenchSender[]): string {
  const topology = JSON.parse(readFileSync(join(PROJECT_ROOT, 'config', 'devnet.json'), 'utf8')) as Topology;
  topology.balances.push({
    chainIds: topology.rollups.map(({ chainId }) => chainId),
    owners: senders.map(({ addressHex }) => addressHex),
    asset: topology.nativeAsset,
    amount: WEALTH,
  });
  const file = join(dataDir, 'topology.json');
  writeFileSync(file, JSON.stringify(topology));
  return file;
}
