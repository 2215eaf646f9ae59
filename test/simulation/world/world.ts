import type { LogState } from '../../../apps/sequencer/src/engine/log-state.js';
import type { Ledger } from '#libs/options';
import type { Head } from '#libs/persistence';
import { type Genesis, logId } from '#libs/protocol';
import { Checks } from '../checks/checks.js';
import type { CryptoPorts } from '../crypto/crypto-ports.js';
import type { Plan } from '../plan/plan.js';
import { mixed } from '../support/random.js';
import { Owner, Scheduler } from '../support/scheduler.js';
import { Trace } from '../support/trace.js';
import { Clients } from './clients.js';
import { ExecutorNode } from './executor-node.js';
import { feedMessage, type FeedMessage, type FollowedBlock } from './feed.js';
import { DatabaseDownError, DatabaseHealth } from './log-connection.js';
import { type KeptBlock, LogStore } from './log-store.js';
import { Network } from './network.js';
import { SequencerNode, type SequencerProcess } from './sequencer-node.js';
import { type Topology, topologyOf } from './topology.js';

/** Blocks that one replay gives at most. */
const REPLAY_MAX = 24;
/** How long things of a kind take at most, ms. */
const LATENCY_MS_MAX = { append: 7, outcome: 10, read: 15, begin: 10, query: 3 };

/** Parts that a test breaks on purpose, to see that the checks notice. */
export interface Parts {
  makeLog?: (genesis: Genesis, onAppend: (block: KeptBlock, before: Head) => void) => LogStore;
  /** A new leader has read the log. */
  onLogRead?: (state: LogState) => void;
  /** In place of verifying a block that has arrived at an executor. */
  onBlockArrived?: (ledger: Ledger, message: FeedMessage, verify: () => FollowedBlock) => FollowedBlock;
}

/** One network in virtual time: sequencers, executors, clients, and what lies between them. */
export class World {
  readonly scheduler = new Scheduler();
  readonly trace = new Trace();
  readonly health = new DatabaseHealth();
  readonly topology: Topology;
  readonly logId: Uint8Array;
  readonly log: LogStore;
  readonly network: Network;
  readonly checks: Checks;
  readonly nodes: SequencerNode[];
  readonly executors: Map<number, ExecutorNode>;
  readonly clients: Clients;
  /** Clients and whatever else is no part of the product. */
  readonly outside = new Owner(false);
  /** Rollups whose executor may be started again from what it has stored. */
  readonly keepsStore: ReadonlySet<number>;
  /** The first thing that went wrong. */
  failure: Error | null = null;
  private waits = 0;

  constructor(
    readonly plan: Plan,
    readonly crypto: CryptoPorts,
    readonly parts: Parts,
  ) {
    const { seed, topology, pace, faults } = plan;
    this.topology = topologyOf(crypto, topology, pace);
    const { genesis, keys, chainIds } = this.topology;
    this.logId = logId(genesis);
    this.keepsStore = new Set(
      faults.flatMap((fault) =>
        fault.kind === 'executor_crash' && !fault.loseStore ? [chainIds[fault.chain % chainIds.length]!] : [],
      ),
    );
    const onAppend = (block: KeptBlock, before: Head): void => {
      this.trace.bytes(block.hash);
      this.checks.appended(block, before);
    };
    this.log = parts.makeLog?.(genesis, onAppend) ?? new LogStore(genesis, onAppend);
    this.network = new Network(this.scheduler, seed);
    this.checks = new Checks(this);
    this.clients = new Clients(this);
    this.nodes = keys.sequencers.map((signer, index) => new SequencerNode(this, index, signer));
    this.executors = new Map(chainIds.map((chainId) => [chainId, new ExecutorNode(this, chainId)]));
  }

  start(): void {
    for (const node of this.nodes) node.start();
    for (const executor of this.executors.values()) executor.start();
  }

  /** Something went wrong; the first counts. */
  fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Runs something whose exception is a failure of the schedule. */
  guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(error);
    }
  }

  happened(what: string, detail: number): void {
    let word = what.length;
    for (let i = 0; i < what.length; i += 3) word = Math.imul(word ^ what.charCodeAt(i), 0x01000193);
    this.trace.event(this.scheduler.nowMs, word, detail);
  }

  /** How long the next thing of this kind takes, ms. */
  latencyMs(what: keyof typeof LATENCY_MS_MAX): number {
    return 1 + ((mixed(this.plan.seed ^ 0x5bd1e995, ++this.waits) >>> 1) % LATENCY_MS_MAX[what]);
  }

  isDatabaseDown(): boolean {
    return Math.max(this.health.refusesUntilMs, this.health.frozenUntilMs) > this.scheduler.nowMs;
  }

  /** A read of the log by a process. While the database is down it waits, and then it fails. */
  query<T>(owner: Owner, read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.scheduler.after(this.latencyMs('query'), owner, () => {
        if (this.isDatabaseDown()) reject(new DatabaseDownError('the database does not answer'));
        else resolve(read());
      });
    });
  }

  /** The process that leads by its own account and in the newest epoch, if any. */
  leader(): SequencerProcess | null {
    let leader: SequencerProcess | null = null;
    for (const { process } of this.nodes) {
      if (process?.term?.epoch === this.log.head.epoch) return process;
      if (process?.term) leader ??= process;
    }
    return leader;
  }

  /** Where a client turns to: forwarding by stand-bys is left out. */
  likelyLeader(): SequencerNode {
    const leader = this.leader();
    return this.nodes.find(({ process }) => process !== null && process === leader) ?? this.nodes[0]!;
  }

  /** A durable block goes to every executor. */
  publish(number: number): void {
    const block = this.log.blocks[number - 1]!;
    for (const chainId of this.topology.chainIds) this.deliver(chainId, [block]);
  }

  /** An executor asks for blocks from `from` on: any sequencer that lives answers. */
  askReplay(chainId: number, from: number): void {
    const alive = this.nodes.find(({ process }) => process && process.owner.pausedUntilMs <= this.scheduler.nowMs);
    if (!alive) return;
    this.network.send(
      'feed',
      chainId,
      () => alive.process?.owner ?? null,
      () => {
        if (this.isDatabaseDown()) return;
        this.deliver(chainId, this.log.blocks.slice(from - 1, from - 1 + REPLAY_MAX));
      },
    );
  }

  sendVote(chainId: number, bytes: Uint8Array): void {
    for (const node of this.nodes) {
      if (!node.process?.term) continue;
      this.network.send(
        'vote',
        chainId,
        () => node.process?.owner ?? null,
        () => node.process?.receiveVote(bytes),
      );
    }
  }

  /** A new leader asks these rollups for their votes. */
  requestVotes(participants: readonly { chainId: number }[]): void {
    for (const chainId of new Set(participants.map((of) => of.chainId))) {
      const executor = this.executors.get(chainId)!;
      this.network.send(
        'vote',
        chainId,
        () => executor.process?.owner ?? null,
        () => executor.process?.sendVotes(),
      );
    }
  }

  private deliver(chainId: number, blocks: readonly KeptBlock[]): void {
    if (blocks.length === 0) return;
    const executor = this.executors.get(chainId)!;
    this.network.send(
      'feed',
      chainId,
      () => executor.process?.owner ?? null,
      () => {
        for (const block of blocks) {
          const message = feedMessage(this.crypto, block, chainId);
          this.guarded(() => executor.process?.receive(message));
          if (this.failure) return;
        }
      },
    );
  }
}
