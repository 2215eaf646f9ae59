import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { JsonRequests } from '#libs/messaging';
import { bytesToHex, readSubject } from '#libs/protocol';
import { readTopology, type Topology } from '#libs/runtime';
import { freePorts, spawnNode, startNats, startPostgres, type SupervisedProcess } from '../servers/index.js';
import { devnetKeys } from './devnet-keys.js';
import { appScript, PROJECT_ROOT } from './project-root.js';
import { waitFor } from './wait-for.js';

export interface NetworkOptions {
  /** Where servers and executors keep their data, and each process its log. */
  dataDir: string;
  /** Of the first sequencer; a free one where not given. */
  rpcPort?: number;
  /** Sequencers, 1 or 2: one leads, the other stands by. Default 1. */
  sequencers?: number;
  /** Real servers to use instead of embedded ones. */
  databaseUrl?: string;
  natsUrl?: string;
  /** `config/devnet.json` where not given. Its keys must be the devnet's. */
  topologyFile?: string;
  /** Start a replica of each rollup's executor as well. */
  replicas?: boolean;
  /** Start the admin API as well, its reads open to all. */
  adminApi?: boolean;
  /** Of the admin API; a free one where not given. */
  adminPort?: number;
  /** More settings for every process. */
  env?: Record<string, string>;
}

interface EmbeddedServer {
  url: string;
  stop(): Promise<void>;
}

/**
 * A whole Lockstep network of real processes: Postgres, NATS, a sequencer, an executor for each rollup, the admin API
 * where asked for. Started and stopped in order; what it starts ends with it, however it ends.
 */
export class Network {
  readonly executors = new Map<number, SupervisedProcess>();
  readonly replicas = new Map<number, SupervisedProcess>();
  readonly sequencers: SupervisedProcess[] = [];
  /** Null without `adminApi`. */
  adminApi: SupervisedProcess | null = null;
  /** Rollups that a test has registered: theirs are the devnet's next keys. */
  readonly registered: number[] = [];
  private readonly servers: EmbeddedServer[] = [];
  /** Asks executors for reads. */
  readonly requests: JsonRequests;

  private constructor(
    readonly topology: Topology,
    private readonly topologyFile: string,
    private readonly options: NetworkOptions,
    readonly databaseUrl: string,
    readonly natsUrl: string,
    /** Of each sequencer. */
    readonly rpcPorts: readonly number[],
    private readonly adminPort: number,
  ) {
    this.requests = new JsonRequests(natsUrl);
  }

  /** Starts everything, and returns once the sequencer leads and every executor follows. */
  static async start(options: NetworkOptions): Promise<Network> {
    const topologyFile = options.topologyFile ?? join(PROJECT_ROOT, 'config', 'devnet.json');
    const topology = readTopology(topologyFile);
    mkdirSync(options.dataDir, { recursive: true });
    const servers: EmbeddedServer[] = [];
    const embed = async (given: string | undefined, start: () => Promise<EmbeddedServer>): Promise<string> => {
      if (given) return given;
      const server = await start();
      servers.push(server);
      return server.url;
    };
    try {
      const log = (line: string): void => appendFileSync(join(options.dataDir, 'servers.log'), `${line}\n`);
      const databaseUrl = await embed(options.databaseUrl, () =>
        startPostgres({ dataDir: join(options.dataDir, 'postgres'), log }),
      );
      const natsUrl = await embed(options.natsUrl, () => startNats({ dataDir: join(options.dataDir, 'nats'), log }));
      const [freeAdminPort, ...rpcPorts] = await freePorts(1 + (options.sequencers ?? 1));
      if (options.rpcPort) rpcPorts[0] = options.rpcPort;
      const adminPort = options.adminPort ?? freeAdminPort!;
      const network = new Network(topology, topologyFile, options, databaseUrl, natsUrl, rpcPorts, adminPort);
      network.servers.push(...servers);
      await network.startProcesses();
      return network;
    } catch (error) {
      for (const server of servers.reverse()) await server.stop();
      throw error;
    }
  }

  /** The first sequencer's HTTP endpoint. */
  get rpcUrl(): string {
    return this.sequencerUrl(0);
  }

  /** A sequencer's HTTP endpoint. */
  sequencerUrl(index: number): string {
    return `http://127.0.0.1:${this.rpcPorts[index]}`;
  }

  /** The JSON-RPC endpoint of one rollup at a sequencer. */
  rollupUrl(chainId: number, sequencer = 0): string {
    return `${this.sequencerUrl(sequencer)}/${chainId}`;
  }

  /** Where the admin API listens. */
  get adminUrl(): string {
    return `http://127.0.0.1:${this.adminPort}`;
  }

  /** Rollups of genesis and those that were registered since, in the order of their lanes. */
  get chainIds(): number[] {
    return [...this.topology.rollups.map(({ chainId }) => chainId), ...this.registered];
  }

  /** Starts a sequencer (again) and waits until it leads, or stands by and knows the leader. */
  async startSequencer(index = 0): Promise<void> {
    const sequencer = this.spawn('sequencer', `sequencer-${index}`, {
      RPC_PORT: String(this.rpcPorts[index]),
      LOCKSTEP_TOPOLOGY: this.topologyFile,
      SEQUENCER_KEY: bytesToHex(devnetKeys.sequencer(index)),
    });
    this.sequencers[index] = sequencer;
    await this.until(sequencer, `sequencer ${index} is ready`, async () => {
      return (await this.readiness(index))?.status === 'ready';
    });
  }

  /** What a sequencer says of its readiness; null when it does not answer. */
  async readiness(index: number): Promise<{ status: string; isLeading: boolean; epoch: number | null } | null> {
    const response = await fetch(`${this.sequencerUrl(index)}/readyz`).catch(() => null);
    return (await response?.json().catch(() => null)) as { status: string; isLeading: boolean; epoch: number } | null;
  }

  /** Index of the sequencer that leads, or null. */
  async leader(): Promise<number | null> {
    const answers = await Promise.all(this.rpcPorts.map((_, index) => this.readiness(index)));
    const index = answers.findIndex((answer) => answer?.isLeading);
    return index < 0 ? null : index;
  }

  /**
   * Starts a rollup's voting executor (again). It catches up by itself.
   * @param env more settings, or others than the devnet's
   */
  startExecutor(chainId: number, env: Record<string, string> = {}): SupervisedProcess {
    const key = () => devnetKeys.executor(this.chainIds.indexOf(chainId));
    const executor = this.spawnExecutor(chainId, 'voting', key, `executor-${chainId}`, env);
    this.executors.set(chainId, executor);
    return executor;
  }

  /** Starts a replica of a rollup's executor (again). @param env likewise */
  startReplica(chainId: number, env: Record<string, string> = {}): SupervisedProcess {
    const key = () => devnetKeys.replica(this.chainIds.indexOf(chainId));
    const replica = this.spawnExecutor(chainId, 'replica', key, `replica-${chainId}`, env);
    this.replicas.set(chainId, replica);
    return replica;
  }

  /** Starts the admin API (again) and waits until it is ready. */
  async startAdminApi(): Promise<void> {
    const adminApi = this.spawn('admin-api', 'admin-api', {
      ADMIN_PORT: String(this.adminPort),
      LOCKSTEP_ADMIN_OPEN_READS: '1',
      REGISTRY_KEY: bytesToHex(devnetKeys.registry()),
    });
    this.adminApi = adminApi;
    await this.until(adminApi, 'admin API is ready', async () => {
      return (await fetch(`${this.adminUrl}/readyz`).catch(() => null))?.ok === true;
    });
  }

  /** Waits until every executor has applied this block. @throws Error when one has not in time */
  async waitForHeight(height: number, chainIds: readonly number[] = this.chainIds): Promise<void> {
    await Promise.all(
      chainIds.map((chainId) =>
        waitFor(
          `executor ${chainId} at block ${height}`,
          async () => (await this.heightOf(chainId, height).catch(() => -1)) >= height,
          30_000,
        ),
      ),
    );
  }

  /**
   * The block that a rollup's voting executor stands at, once it is not below `minHeight`.
   * @throws Error when it is still below after 5 s, or with the executor's message
   */
  async heightOf(chainId: number, minHeight = 0): Promise<number> {
    const at = { minHeight, timeoutMs: 5_000 };
    return (await this.read<{ number: number }>(chainId, 'lockstep_waitForHeight', [at])).number;
  }

  /** Reads a rollup's state from its voting executor. @throws Error with the executor's message */
  async read<T>(chainId: number, method: string, params: readonly unknown[]): Promise<T> {
    const answer = await this.requests.request<{ result?: T; error?: { message: string } }>(
      readSubject(chainId),
      { method, params },
      6_000,
    );
    if (answer.error) throw new Error(answer.error.message);
    return answer.result as T;
  }

  /** Stops everything in order: admin API, executors, sequencer, servers. */
  async stop(): Promise<void> {
    await this.requests.close();
    await this.adminApi?.stop();
    await Promise.all([...this.executors.values(), ...this.replicas.values()].map((executor) => executor.stop()));
    for (const sequencer of [...this.sequencers].reverse()) await sequencer.stop();
    for (const server of [...this.servers].reverse()) await server.stop();
  }

  private async startProcesses(): Promise<void> {
    try {
      for (const index of this.rpcPorts.keys()) await this.startSequencer(index);
      for (const chainId of this.chainIds) {
        this.startExecutor(chainId);
        if (this.options.replicas) this.startReplica(chainId);
      }
      await this.waitForHeight(0);
      if (this.options.adminApi) await this.startAdminApi();
    } catch (error) {
      await this.adminApi?.stop();
      for (const executor of [...this.executors.values(), ...this.replicas.values()]) await executor.stop();
      for (const sequencer of this.sequencers) await sequencer.stop();
      throw error;
    }
  }

  private spawnExecutor(
    chainId: number,
    role: 'voting' | 'replica',
    devnetKey: () => Uint8Array,
    name: string,
    env: Record<string, string>,
  ): SupervisedProcess {
    return this.spawn('executor', name, {
      EXECUTOR_CHAIN_ID: String(chainId),
      EXECUTOR_ROLE: role,
      EXECUTOR_KEY: env.EXECUTOR_KEY ?? bytesToHex(devnetKey()),
      LOCKSTEP_DATA_DIR: join(this.options.dataDir, name),
      LOCKSTEP_RPC_URL: this.rpcUrl,
      ...env,
    });
  }

  private spawn(app: string, name: string, env: Record<string, string>): SupervisedProcess {
    return spawnNode({
      name,
      script: appScript(app),
      logFile: join(this.options.dataDir, `${name}.log`),
      env: {
        DATABASE_URL: this.databaseUrl,
        NATS_URL: this.natsUrl,
        LOCKSTEP_EXIT_WITH_PARENT: '1',
        ...this.options.env,
        ...env,
      },
    });
  }

  private async until(process: SupervisedProcess, what: string, condition: () => Promise<boolean>): Promise<void> {
    await waitFor(
      what,
      async () => {
        if (process.hasExited)
          throw new Error(`${what.split(' ').slice(0, 2).join(' ')} ended:\n${process.lastLines(20).join('\n')}`);
        return condition();
      },
      30_000,
    );
  }
}
