import { readFileSync } from 'node:fs';
import { LocalSigner } from '#libs/crypto';
import { connectNats, JsonRequests, type NatsAccess, type NatsConnection } from '#libs/messaging';
import { type Hex, hexToBytes, readSubject } from '#libs/protocol';
import { readTopology, type Topology } from '#libs/runtime';
import {
  AttemptLog,
  checkHistory,
  type ClientWorld,
  FeedClient,
  formatReports,
  type History,
  LeaderRegistry,
  listLoadSeries,
  type LoadClient,
  newestOf,
  OperationClient,
  PriceClient,
  Random,
  readLogFrom,
  readLogId,
  statesAtOneHeight,
  TransferClient,
  waitFor,
} from '#libs/testkit';
import type { CheckResult, Progress } from './protocol.js';

const OPERATOR = '/secrets/operator';
const STATE_MS_MAX = 30_000;
const REST_MS_MAX = 60_000;
const ERRORS_SHOWN_MS = 20_000;
/** So far ahead that the question is with the executors before the block is. */
const BLOCKS_AHEAD = { underLoad: 25, atRest: 3 };
/** The load's European series begins and ends within a third of this. */
const RUN_MS = 300_000;

const text = (file: string): string => readFileSync(file, 'utf8').trim();

/** As whom the load goes to NATS: each client as the user that it is. */
const as = (seedFile: string): NatsAccess => ({
  servers: process.env.NATS_URL!,
  nkeySeed: text(seedFile),
  caFile: process.env.NATS_CA_FILE,
});

/**
 * What loads the compose network from within and watches it: transfers of accounts 3 to 8 over HTTP and NATS, operations of
 * accounts 0 to 2, prices, and a follower of each rollup. Each has the rights of its own NATS user and no others.
 */
export class ComposeLoad {
  private readonly load: LoadClient[] = [];
  private running: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly topology: Topology,
    private readonly feeds: readonly FeedClient[],
    private readonly world: ClientWorld & { attempts: AttemptLog },
    private readonly connections: readonly NatsConnection[],
    private readonly requests: JsonRequests,
    private readonly random: Random,
  ) {}

  static async start(): Promise<ComposeLoad> {
    const topology = readTopology('/secrets/public/topology.json');
    const urls = process.env.SEQUENCER_URLS!.split(',');
    const chainIds = topology.rollups.map(({ chainId }) => chainId);
    const endpoints = urls.map((url) => `${url}/${chainIds[0]}`);
    const logId = await readLogId(endpoints[0]!);
    const random = new Random(1);
    const followers = await Promise.all(
      topology.rollups.map(({ name }) =>
        connectNats({ ...as(`${OPERATOR}/replica-${name}-nats-seed`), name: `follower ${name}` }),
      ),
    );
    const feeds = chainIds.map((chainId, index) => {
      const url = urls[index % urls.length]!;
      return new FeedClient(`feed ${chainId}`, chainId, followers[index]!, url, logId, random.fork());
    });
    for (const feed of feeds) feed.start();
    const nats = await connectNats({ ...as(`${OPERATOR}/client-nats-seed`), name: 'client' });
    const world = worldOf(topology, chainIds, urls, logId, nats, feeds);
    const requests = new JsonRequests(as(`${OPERATOR}/nats-seed`));
    const load = new ComposeLoad(topology, feeds, world, [...followers, nats], requests, random);
    await load.begin(endpoints);
    return load;
  }

  async progress(): Promise<Progress> {
    const { feeds, world } = this;
    return Promise.resolve({
      height: newestOf(feeds),
      decided: Math.min(...feeds.map(({ decided }) => decided)),
      committed: Math.min(...feeds.map(({ committed }) => committed)),
      acknowledged: world.attempts.counts().acknowledged,
      errors: world.attempts.newestErrors(performance.now() - ERRORS_SHOWN_MS).slice(0, 8),
    });
  }

  /** While the load goes on: the log up to a height, and what everyone says of that height. */
  async check(name: string): Promise<CheckResult> {
    return this.judge(await this.history(name, BLOCKS_AHEAD.underLoad), false);
  }

  /** Everything that was sent has got its answer, everything that was prepared its decision. */
  async finish(): Promise<CheckResult> {
    for (const client of this.load) client.stop();
    await this.running;
    const isAtRest = (): boolean => this.feeds.every(({ undecided }) => undecided.size === 0);
    await waitFor('every operation to be decided', isAtRest, REST_MS_MAX);
    const result = this.judge(await this.history('finish', BLOCKS_AHEAD.atRest), true);
    for (const feed of this.feeds) await feed.stop();
    await Promise.all(this.connections.map((connection) => connection.close()));
    await this.requests.close();
    return result;
  }

  private async begin(endpoints: readonly string[]): Promise<void> {
    const { world, random, load } = this;
    const signer = new LocalSigner(hexToBytes(text(`${OPERATOR}/registry-key`)));
    const registry = new LeaderRegistry(endpoints, as(`${OPERATOR}/nats-seed`), world.logId, signer);
    const nats = await connectNats({ ...as(`${OPERATOR}/price-nats-seed`), name: 'prices' });
    const priceKey = new LocalSigner(hexToBytes(text(`${OPERATOR}/price-key`)));
    const prices = new PriceClient({ ...world, nats }, random.fork(), priceKey);
    await waitFor('the first block', () => this.feeds.every(({ newest }) => newest !== null), REST_MS_MAX);
    await prices.publish(2_400_000_000);
    const series = await listLoadSeries(world, registry, RUN_MS);
    await registry.close();
    load.push(prices);
    for (const [index, chainId] of world.chainIds.entries()) {
      const pace = { chainId, batchMax: 6, pauseMsMax: 400 };
      load.push(new TransferClient(world, { ...pace, account: 3 + index, over: 'http' }, random.fork()));
      load.push(new TransferClient(world, { ...pace, account: 6 + index, over: 'nats' }, random.fork()));
    }
    for (const pair of [
      { writer: 0, holder: 1 },
      { writer: 1, holder: 2 },
      { writer: 2, holder: 0 },
    ]) {
      load.push(new OperationClient(world, { ...pair, pauseMsMax: 500 }, [...series], random.fork()));
    }
    this.running = Promise.all(load.map((client) => client.run())).finally(() => nats.close());
    this.running.catch(() => undefined);
  }

  /** The log up to a height that lies a little ahead, and what followers and executors have at that height. */
  private async history(name: string, blocksAhead: number): Promise<History> {
    const { feeds, topology } = this;
    const databaseUrl = text('/secrets/admin/database-url');
    const takenAtMs = performance.now();
    const { height, states: executors } = await statesAtOneHeight(
      this.requests,
      topology.rollups.map(({ chainId, name: rollup }) => ({
        ...{ name: `executor-${rollup}`, chainId, subject: readSubject(chainId) },
      })),
      { databaseUrl, blocksAhead, timeoutMs: STATE_MS_MAX },
    );
    await waitFor(
      `${name}: feeds at block ${height}`,
      () => feeds.every(({ newest }) => (newest?.header.number ?? 0) >= height),
      STATE_MS_MAX,
    );
    for (const { failure } of feeds) if (failure) throw failure;
    const log = await readLogFrom(databaseUrl, height);
    const followers = feeds.map((feed) => feed.history(height));
    // What was answered later may stand in a later block.
    const clients = this.world.attempts.attempts.map((attempt) =>
      (attempt.answeredAtMs ?? Infinity) <= takenAtMs ? attempt : { ...attempt, outcome: 'unknown' as const },
    );
    return { log, followers, executors, clients };
  }

  private judge(history: History, atRest: boolean): CheckResult {
    const reports = checkHistory(history, { atRest, recoverEvery: 10 });
    return {
      blocks: history.log.blocks.length,
      entries: history.log.entries.length,
      failed: reports.filter(({ status }) => status === 'failed'),
      table: formatReports(reports),
    };
  }
}

function worldOf(
  topology: Topology,
  chainIds: readonly number[],
  urls: readonly string[],
  logId: Uint8Array,
  nats: NatsConnection,
  feeds: readonly FeedClient[],
): ClientWorld & { attempts: AttemptLog } {
  let nonce = BigInt(Date.now()) * 1_000_000n;
  const [eth, usd] = topology.assets;
  const lower = (address: string): Hex => address.toLowerCase() as Hex;
  return {
    ...{ logId, chainIds, urls, nats, attempts: new AttemptLog() },
    assets: { eth: lower(eth!.address), usd: lower(usd!.address) },
    pool: lower(topology.pools[0]!.address),
    logTimeMs: () => {
      const offsetMs = Math.max(...feeds.map(({ logTimeOffsetMs }) => logTimeOffsetMs));
      return Number.isFinite(offsetMs) ? Math.floor(performance.now() + offsetMs) : Date.now();
    },
    freshNonce: () => nonce++,
  };
}
