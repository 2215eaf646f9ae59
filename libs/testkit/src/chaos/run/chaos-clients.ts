import { LocalSigner } from '#libs/crypto';
import { connectNats, type NatsConnection } from '#libs/messaging';
import type { Hex } from '#libs/protocol';
import { readLogId } from '../../client/index.js';
import { devnetKeys } from '../../network/devnet-keys.js';
import { AttemptLog } from '../clients/attempts.js';
import type { ClientWorld, LoadClient } from '../clients/client-world.js';
import { LeaderRegistry } from '../clients/leader-registry.js';
import { FeedClient, newestOf } from '../clients/feed-client.js';
import { OperationClient } from '../clients/operation-client.js';
import { PriceClient } from '../clients/price-client.js';
import { listLoadSeries, type LoadSeries } from '../clients/series.js';
import { TransferClient } from '../clients/transfer-client.js';
import type { ChaosNetwork } from '../network/chaos-network.js';
import type { Random } from '../plan/random.js';

const LOAD_END_MS_MAX = 90_000;

/** All clients of a chaos run: what loads the network and what watches it. */
export class ChaosClients {
  readonly attempts = new AttemptLog();
  readonly feeds: FeedClient[] = [];
  readonly world: ClientWorld;
  readonly registry: LeaderRegistry;
  series: LoadSeries[] = [];
  private readonly load: LoadClient[] = [];
  private running: Promise<unknown> = Promise.resolve();
  private onDemand: OperationClient | null = null;

  private constructor(
    network: ChaosNetwork,
    readonly nats: NatsConnection,
    logId: Uint8Array,
    private readonly random: Random,
  ) {
    const { topology } = network;
    const [eth, usd] = topology.assets;
    let nonce = BigInt(Date.now()) * 1_000_000n;
    const urls = network.sequencers.map(({ url }) => url);
    this.world = {
      logId,
      chainIds: network.chainIds,
      urls,
      nats,
      attempts: this.attempts,
      assets: { eth: eth!.address.toLowerCase() as Hex, usd: usd!.address.toLowerCase() as Hex },
      pool: topology.pools[0]!.address.toLowerCase() as Hex,
      logTimeMs: () => this.logTimeMs(),
      freshNonce: () => nonce++,
    };
    const signer = new LocalSigner(devnetKeys.registry());
    const endpoints = urls.map((url) => `${url}/${network.chainIds[0]}`);
    this.registry = new LeaderRegistry(endpoints, network.nats.url, logId, signer);
    for (const [index, chainId] of network.chainIds.entries()) {
      const url = urls[index % urls.length]!;
      this.feeds.push(new FeedClient(`feed ${chainId}`, chainId, nats, url, logId, random.fork()));
    }
  }

  /** Connects to a network that is led, and begins to follow every rollup's feed. */
  static async start(network: ChaosNetwork, random: Random): Promise<ChaosClients> {
    const nats = await connectNats({ servers: network.nats.url, name: 'chaos clients' });
    const url = (await network.leader())?.url ?? network.sequencers[0]!.url;
    const clients = new ChaosClients(network, nats, await readLogId(`${url}/${network.chainIds[0]}`), random);
    for (const feed of clients.feeds) feed.start();
    return clients;
  }

  /** Exercises and writes on demand, with accounts of its own. */
  get operations(): OperationClient {
    if (!this.onDemand) throw new Error('the load has not been started');
    return this.onDemand;
  }

  /** Lists series, publishes a first price and begins to load the network. */
  async startLoad(runMs: number): Promise<void> {
    const { world, random } = this;
    const prices = new PriceClient(world, random.fork());
    await prices.publish(2_400_000_000);
    this.series = await listLoadSeries(world, this.registry, runMs);
    this.load.push(prices);
    for (const [index, chainId] of world.chainIds.entries()) {
      const pace = { chainId, batchMax: 6, pauseMsMax: 400 };
      this.load.push(new TransferClient(world, { ...pace, account: 3 + index, over: 'http' }, random.fork()));
      this.load.push(new TransferClient(world, { ...pace, account: 6 + index, over: 'nats' }, random.fork()));
    }
    const pairs = [
      { writer: 0, holder: 1 },
      { writer: 1, holder: 2 },
      { writer: 2, holder: 0 },
      { writer: 3, holder: 1 },
      { writer: 4, holder: 2 },
    ];
    for (const pair of pairs) {
      this.load.push(new OperationClient(world, { ...pair, pauseMsMax: 350 }, [...this.series], random.fork()));
    }
    this.onDemand = new OperationClient(world, { ...pairs[0]!, pauseMsMax: 0 }, this.series, random.fork());
    this.running = Promise.all(this.load.map((client) => client.run()));
    this.running.catch(() => undefined);
  }

  /** Ends the load; returns once nothing that was sent waits for an answer. @throws Error when that takes too long */
  async stopLoad(): Promise<void> {
    for (const client of this.load) client.stop();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('submissions are still without an answer')), LOAD_END_MS_MAX);
    });
    await Promise.race([this.running, late]).finally(() => clearTimeout(timer));
  }

  async close(): Promise<void> {
    for (const client of this.load) client.stop();
    for (const feed of this.feeds) await feed.stop();
    await this.registry.close();
    await this.nats.close();
  }

  /** The highest block that anyone was handed. */
  height(): number {
    return newestOf(this.feeds);
  }

  /** When a block came last, ms of the monotonic clock. */
  newestAtMs(): number {
    return Math.max(...this.feeds.map(({ newestAtMs }) => newestAtMs));
  }

  private logTimeMs(): number {
    const offsetMs = Math.max(...this.feeds.map(({ logTimeOffsetMs }) => logTimeOffsetMs));
    return Number.isFinite(offsetMs) ? Math.floor(performance.now() + offsetMs) : Date.now();
  }
}
