import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesToHex } from '#libs/protocol';
import { type ArmFailpoint, readTopology, type Topology } from '#libs/runtime';
import { devnetKeys } from '../../network/devnet-keys.js';
import { appScript } from '../../network/project-root.js';
import { waitFor } from '../../network/wait-for.js';
import { freePorts, spawnNode } from '../../servers/index.js';
import { ChaosProcess } from './chaos-process.js';
import { ChaosNats, ChaosPostgres } from './chaos-servers.js';
import { sequencerKey, writeChaosTopology } from './chaos-topology.js';
import { TcpProxy } from './tcp-proxy.js';

export interface ChaosNetworkOptions {
  /** Where servers and executors keep their data, and each process its log. */
  dataDir: string;
  /** 2 by default: one leads, the other stands by. */
  sequencers?: number;
  /** A replica of each rollup's executor as well; true by default. */
  replicas?: boolean;
  /** Longest time an operation may stay prepared, in ms; 4,000 by default. */
  prepareMsMax?: number;
  /** More settings for every process. */
  env?: Record<string, string>;
}

/** One process with the proxies it speaks through. */
export interface ProxiedNode {
  process: ChaosProcess;
  nats: TcpProxy;
}
export interface SequencerNode extends ProxiedNode {
  postgres: TcpProxy;
  url: string;
}
export interface ExecutorNode extends ProxiedNode {
  chainId: number;
  dataDir: string;
}

const READY_MS_MAX = 60_000;

/**
 * A whole network of real processes, each behind proxies of its own, to be broken on purpose: Postgres, NATS,
 * sequencers, a voting executor and a replica of each rollup.
 */
export class ChaosNetwork {
  readonly sequencers: SequencerNode[] = [];
  readonly executors: ExecutorNode[] = [];
  readonly replicas: ExecutorNode[] = [];

  private constructor(
    private readonly options: ChaosNetworkOptions,
    readonly topology: Topology,
    private readonly topologyFile: string,
    readonly postgres: ChaosPostgres,
    readonly nats: ChaosNats,
  ) {}

  /** Starts the servers and makes the nodes; none of our own processes runs yet. */
  static async create(options: ChaosNetworkOptions): Promise<ChaosNetwork> {
    mkdirSync(options.dataDir, { recursive: true });
    const log = (line: string): void => appendFileSync(join(options.dataDir, 'servers.log'), `${line}\n`);
    const { sequencers = 2, replicas = true, prepareMsMax = 4_000 } = options;
    const topologyFile = writeChaosTopology(options.dataDir, sequencers, prepareMsMax);
    const postgres = await ChaosPostgres.start(join(options.dataDir, 'postgres'), log);
    try {
      const nats = await ChaosNats.start(log);
      const network = new ChaosNetwork(options, readTopology(topologyFile), topologyFile, postgres, nats);
      for (let index = 0; index < sequencers; index++) await network.addSequencer(index);
      for (const [index, { chainId }] of network.topology.rollups.entries()) {
        network.executors.push(await network.addExecutor(chainId, 'voting', devnetKeys.executor(index)));
        if (replicas) network.replicas.push(await network.addExecutor(chainId, 'replica', devnetKeys.replica(index)));
      }
      return network;
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  get chainIds(): number[] {
    return this.topology.rollups.map(({ chainId }) => chainId);
  }

  /** Every one of our own processes. */
  get nodes(): (SequencerNode | ExecutorNode)[] {
    return [...this.sequencers, ...this.executors, ...this.replicas];
  }

  get proxies(): TcpProxy[] {
    return [...this.nodes.map(({ nats }) => nats), ...this.sequencers.map(({ postgres }) => postgres)];
  }

  /** Starts what is not up, and waits until one sequencer leads and all sequencers are ready. */
  async startAll(): Promise<void> {
    for (const { process } of this.nodes) process.start();
    await this.untilLed();
  }

  /** Waits until a sequencer leads and can write. */
  async untilLed(timeoutMs = READY_MS_MAX): Promise<void> {
    await waitFor('a sequencer leads', async () => (await this.leader()) !== null, timeoutMs);
  }

  /** The sequencer that says it leads and can write, or null. */
  async leader(): Promise<SequencerNode | null> {
    const answers = await Promise.all(
      this.sequencers.map(async (node) => {
        const answer = await readiness(node.url);
        return answer?.status === 'ready' && answer.isLeading !== false ? node : null;
      }),
    );
    return answers.find((node) => node !== null) ?? null;
  }

  /** Undoes every fault: proxies pass, frozen processes go on, dead ones are started. */
  heal(): void {
    for (const proxy of this.proxies) {
      proxy.delayMs = 0;
      proxy.setMode('pass');
    }
    this.postgres.thaw();
    this.nats.thaw();
    for (const { process } of this.nodes) {
      process.resume();
      process.setClock(0);
      process.start();
    }
  }

  /** Starts Postgres and NATS where they were killed. */
  async restartServers(): Promise<void> {
    await this.postgres.restart();
    await this.nats.restart();
  }

  /** Deletes the store of an executor that is down: it has to replay everything. */
  wipeStore({ process, dataDir }: ExecutorNode): void {
    if (process.isUp) throw new Error(`${process.name} runs: its store cannot be wiped`);
    rmSync(dataDir, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    for (const { process } of this.nodes) process.resume();
    await Promise.all([...this.executors, ...this.replicas].map(({ process }) => process.stop()));
    await Promise.all(this.sequencers.map(({ process }) => process.stop()));
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    await this.nats.stop();
    await this.postgres.stop();
  }

  private async addSequencer(index: number): Promise<void> {
    const [port] = await freePorts(1);
    const postgres = await TcpProxy.start(this.postgres.port);
    const nats = await TcpProxy.start(this.nats.port);
    const url = `http://127.0.0.1:${port}`;
    const env = {
      DATABASE_URL: postgres.urlOf(this.postgres.url),
      NATS_URL: nats.urlOf(this.nats.url),
      RPC_PORT: String(port),
      LOCKSTEP_ADVERTISE_URL: url,
      LOCKSTEP_TOPOLOGY: this.topologyFile,
      LOCKSTEP_RECOVERY_WORKERS: '1',
      SEQUENCER_KEY: bytesToHex(sequencerKey(index)),
    };
    const process = this.newProcess('sequencer', `sequencer-${index}`, env);
    this.sequencers.push({ process, postgres, nats, url });
  }

  private async addExecutor(chainId: number, role: 'voting' | 'replica', key: Uint8Array): Promise<ExecutorNode> {
    const name = `${role === 'voting' ? 'executor' : 'replica'}-${chainId}`;
    const dataDir = join(this.options.dataDir, name);
    const nats = await TcpProxy.start(this.nats.port);
    const process = this.newProcess('executor', name, {
      NATS_URL: nats.urlOf(this.nats.url),
      EXECUTOR_CHAIN_ID: String(chainId),
      EXECUTOR_ROLE: role,
      EXECUTOR_KEY: bytesToHex(key),
      LOCKSTEP_DATA_DIR: dataDir,
      LOCKSTEP_RPC_URL: this.sequencers[chainId % this.sequencers.length]!.url,
    });
    return { process, nats, chainId, dataDir };
  }

  private newProcess(app: string, name: string, env: Record<string, string>): ChaosProcess {
    const shim = fileURLToPath(new URL('./clock-shim.js', import.meta.url));
    return new ChaosProcess(name, (armed: readonly ArmFailpoint[]) =>
      spawnNode({
        name,
        script: appScript(app),
        logFile: join(this.options.dataDir, `${name}.log`),
        env: {
          LOCKSTEP_FAILPOINTS: '1',
          LOCKSTEP_FAILPOINTS_ARMED: JSON.stringify(armed),
          NODE_OPTIONS: `--import ${shim}`,
          ...this.options.env,
          ...env,
        },
      }),
    );
  }
}

/** What a sequencer says of itself on /readyz, or null where it does not answer. */
export async function readiness(url: string): Promise<{ status?: string; isLeading?: boolean; head?: number } | null> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    return (await response.json()) as { status?: string; isLeading?: boolean; head?: number };
  } catch {
    return null;
  }
}
