import { randomBytes, randomUUID } from 'node:crypto';
import { LocalSigner, recoverAddress, SenderRecoveryPool } from '#libs/crypto';
import { type OutgoingSlice, RecentSlices, type SliceSource } from '#libs/messaging';
import type { NewEntry, SealedBlock } from '#libs/ordering';
import { createDataSource, Leadership, LogReader, migrate, recordIncident } from '#libs/persistence';
import type { DataSource } from 'typeorm';
import {
  bytesToHex,
  equalBytes,
  Genesis,
  hexToBytes,
  LockstepError,
  logId,
  type Registry,
  type SignedVote,
  Slice,
} from '#libs/protocol';
import { failpoint, genesisOf, type Logger, readTopology } from '#libs/runtime';
import type { SequencerSettings } from '../config.js';
import { EntryDesk } from './entry-desk.js';
import { ExecutorWatch } from './executor-watch.js';
import { IntakeQueue } from './intake-queue.js';
import { LeaderTerm } from './leader-term.js';
import { OperationDesk } from './operation-desk.js';
import { OperationQueries } from './operation-queries.js';
import { StateRootDesk } from './state-root-desk.js';
import { SubmissionError } from './submission-error.js';
import { TransactionDesk } from './transaction-desk.js';

/** What leaves the process when a block is durable, and what it asks of others. */
export interface SequencerOutlets {
  publish(slices: OutgoingSlice[]): void;
  /** Ask the executors of these rollups for their votes again. */
  requestVotes(chainIds: readonly number[]): void;
}

/** A topology file that is not the one the log began with. */
export class TopologyMismatchError extends LockstepError<{ code: 'TOPOLOGY_MISMATCH' }> {}

/**
 * A sequencer node: admission, ordering, the log and the relay. Leads one epoch after another, or stands by.
 *
 * ```
 *            lease is free: take it, raise the epoch       log read
 *  standby ────────────────────────────────────► loading ───────────► leading
 *     ▲                                                                  │
 *     └────────── another leads, or memory and log disagree ◄────────────┘
 * ```
 */
export class Sequencer implements SliceSource {
  readonly transactions: TransactionDesk;
  readonly operations: OperationDesk;
  readonly entries: EntryDesk;
  readonly roots: StateRootDesk;
  readonly executors: ExecutorWatch;
  readonly queries: OperationQueries;
  readonly logId: Uint8Array;
  private readonly queue: IntakeQueue;
  private readonly recent = new RecentSlices();
  private readonly genesisSsz: Uint8Array;
  private term: LeaderTerm | null = null;
  private outlets: SequencerOutlets | null = null;
  private stopping = false;
  private canWrite = false;
  private running: Promise<void> | null = null;
  private wakeStandby: (() => void) | null = null;

  private constructor(
    private readonly settings: SequencerSettings,
    readonly genesis: Genesis,
    private readonly dataSource: DataSource,
    readonly reader: LogReader,
    private readonly leadership: Leadership,
    private readonly leadershipSource: DataSource,
    private readonly signer: LocalSigner,
    private readonly pool: SenderRecoveryPool,
    private readonly logger: Logger,
  ) {
    this.logId = logId(genesis);
    this.genesisSsz = Genesis.serialize(genesis);
    this.queries = new OperationQueries(reader);
    this.queue = new IntakeQueue(settings.LOCKSTEP_QUEUE_MAX, () => this.term?.wake());
    this.executors = new ExecutorWatch(settings.LOCKSTEP_EXECUTOR_SILENT_MS, performance.now());
    const registry = (): Registry => this.leading().state.registry;
    const shared = { logId: this.logId, queue: this.queue, recover: recoverAddress, registry };
    this.transactions = new TransactionDesk(
      { nonceGapMs: settings.LOCKSTEP_NONCE_GAP_MS, openPerSenderMax: 16_384 },
      {
        ...shared,
        recover: (records) => pool.recover(records),
        nextNonces: (accounts) => reader.nextNonces(accounts),
        isInLog: async (id) => (await reader.entryById(id)) !== undefined,
      },
    );
    this.operations = new OperationDesk(
      { prepareMsMax: genesis.prepareMsMax, undecidedMax: 4_096, signerPerSecond: 200, seriesPerSecond: 2_000 },
      {
        ...shared,
        findBySignerNonce: (signer, nonce) => this.queries.bySignerNonce(signer, nonce),
        silentAmong: (participants) => this.executors.silentAmong(participants, performance.now()),
        monotonicMs: () => performance.now(),
      },
    );
    this.entries = new EntryDesk(shared);
    this.roots = new StateRootDesk(this.logId, recoverAddress, ({ chainId, number, first, second }) => {
      const roots = [first, second].map(({ stateRoot, signature }) => {
        return { root: bytesToHex(stateRoot.root), signature: bytesToHex(signature) };
      });
      this.incident('differing_roots', { chainId, number, roots });
    });
  }

  /** Connects to Postgres, brings its tables up to date, and finds or writes genesis. */
  static async open(settings: SequencerSettings, logger: Logger): Promise<Sequencer> {
    const url = settings.DATABASE_URL;
    if (settings.LOCKSTEP_MIGRATE) await migrate(url);
    await failpoint('tables-migrated');
    const onError = (err: Error): void => logger.warn({ err }, 'a database connection failed');
    const dataSource = await createDataSource(url, { applicationName: 'lockstep sequencer', onError });
    const leadershipSource = await createDataSource(url, {
      applicationName: 'lockstep leadership',
      poolSize: 2,
      onError,
    });
    const reader = new LogReader(dataSource);
    const genesis = await findGenesis(reader, settings.LOCKSTEP_TOPOLOGY);
    await failpoint('genesis-found');
    const signer = new LocalSigner(hexToBytes(settings.SEQUENCER_KEY));
    const pool = new SenderRecoveryPool(
      { workers: settings.LOCKSTEP_RECOVERY_WORKERS, queueMax: settings.LOCKSTEP_QUEUE_MAX },
      { onWorkerCrash: (err) => logger.error({ err }, 'a recovery worker crashed') },
    );
    const leadership = new Leadership(leadershipSource);
    return new Sequencer(settings, genesis, dataSource, reader, leadership, leadershipSource, signer, pool, logger);
  }

  /** Begins to stand by or lead; returns at once. */
  start(outlets: SequencerOutlets): void {
    this.outlets = outlets;
    this.running ??= this.run();
  }

  /** Finishes the block under way, gives the lease back and closes everything. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.term?.stop();
    this.wakeStandby?.();
    await this.running;
    this.queue.refuseAll(SubmissionError.notLeading());
    this.transactions.reset(SubmissionError.notLeading());
    await this.pool.close();
    await Promise.allSettled([this.dataSource.destroy(), this.leadershipSource.destroy()]);
  }

  /** Whether it leads, with the newest state; else submissions are refused. */
  get isLeading(): boolean {
    return this.term !== null && this.canWrite;
  }

  get epoch(): number | null {
    return this.term?.epoch ?? null;
  }

  /** The registry in force in the next block. @throws SubmissionError `NOT_LEADING` */
  registry(): Registry {
    return this.leading().state.registry;
  }

  /** The newest durable block. @throws SubmissionError `NOT_LEADING` */
  tip(): { number: number; hash: Uint8Array; timestampMs: number; nextSequence: bigint } {
    return this.leading().state.tip;
  }

  undecidedCount(): number {
    return this.term?.state.coordinator.size ?? 0;
  }

  receiveVote(vote: SignedVote): void {
    const receipt = this.term?.receiveVote(vote);
    const { chainId, operationId } = vote.vote;
    if (receipt?.status === 'refused') {
      this.incident('refused_vote', { chainId, operationId: bytesToHex(operationId), fault: receipt.fault });
    } else if (receipt?.status === 'conflicting') {
      this.incident('conflicting_votes', { chainId, operationId: bytesToHex(operationId) });
    }
  }

  receiveRoot(bytes: Uint8Array): void {
    if (this.term) this.roots.receive(bytes, this.registry(), this.tip().number);
  }

  genesisBytes(): Uint8Array {
    return this.genesisSsz;
  }

  head(): number {
    return this.term?.state.tip.number ?? 0;
  }

  async slices(chainId: number, from: number, limit: number, bytesMax: number): Promise<Uint8Array[]> {
    const recent = this.recent.slices(chainId, from, limit, bytesMax);
    if (recent) return recent;
    const slices = await this.reader.slices(chainId, from, limit, bytesMax);
    return slices.map((slice) => Slice.serialize(slice));
  }

  private async run(): Promise<void> {
    const { LOCKSTEP_LEASE_MS: leaseMs, LOCKSTEP_ADVERTISE_URL, RPC_HOST, RPC_PORT } = this.settings;
    const url = LOCKSTEP_ADVERTISE_URL ?? `http://${RPC_HOST}:${RPC_PORT}`;
    const holder = `${process.pid}-${randomUUID()}`;
    while (!this.stopping) {
      try {
        const taken = await this.leadership.take(holder, url, leaseMs);
        if (taken) await this.lead(taken.epoch);
      } catch (err) {
        this.logger.error({ err }, 'cannot lead');
      }
      if (!this.stopping) await this.standBy(leaseMs / 3);
    }
  }

  private async lead(epoch: number): Promise<void> {
    const { genesis, dataSource, reader, leadership, queue, signer, logger, settings } = this;
    const options = {
      epoch,
      databaseUrl: settings.DATABASE_URL,
      candidatesMax: settings.LOCKSTEP_BLOCK_SUBMISSIONS_MAX,
      renewEveryMs: settings.LOCKSTEP_LEASE_MS / 3,
    };
    const term = await LeaderTerm.begin(options, {
      ...{ genesis, dataSource, reader, leadership, queue, signer, logger, recover: recoverAddress },
      roots: () => this.roots.entries(),
      onBlock: (block, slices, roots) => this.onBlock(block, slices, roots),
      onWrite: (ok) => {
        this.canWrite = ok;
      },
    });
    this.executors.countAnew(performance.now());
    await this.announce(term);
    this.term = term;
    this.canWrite = true;
    if (this.stopping) term.stop();
    logger.info({ epoch, head: term.state.tip.number, undecided: term.state.coordinator.size }, 'leading');
    try {
      const end = await term.run();
      logger.info({ epoch, end }, 'no longer leading');
    } finally {
      this.term = null;
      this.canWrite = false;
      this.recent.clear();
      queue.refuseAll(SubmissionError.notLeading());
      this.transactions.reset(SubmissionError.notLeading());
      await leadership.release(epoch).catch((err: unknown) => logger.warn({ err }, 'the lease was not given back'));
    }
  }

  /** Followers hear of the newest block, and replay what they missed; votes on undecided operations are asked for. */
  private async announce({ state }: LeaderTerm): Promise<void> {
    const { number } = state.tip;
    if (number > 0) {
      const slices = await Promise.all(
        state.registry.rollups.map(async ({ chainId }) => {
          const [slice] = await this.reader.slices(chainId, number, 1, Number.MAX_SAFE_INTEGER);
          return slice ? [{ chainId, bytes: Slice.serialize(slice) }] : [];
        }),
      );
      this.outlets?.publish(slices.flat());
    }
    const voters = state.coordinator.undecided().flatMap(({ participants }) => participants);
    this.outlets?.requestVotes([...new Set(voters.map(({ chainId }) => chainId))]);
  }

  private onBlock(block: SealedBlock, slices: OutgoingSlice[], roots: readonly NewEntry[]): void {
    this.recent.add(block.header.number, slices);
    this.outlets?.publish(slices);
    if (roots.length > 0) this.roots.placed(roots);
  }

  private leading(): LeaderTerm {
    if (!this.term) throw SubmissionError.notLeading();
    return this.term;
  }

  private async standBy(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeStandby = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private incident(kind: string, detail: Record<string, unknown>): void {
    this.logger.warn({ kind, ...detail }, 'incident');
    recordIncident(this.dataSource, kind, detail).catch((err: unknown) => {
      this.logger.error({ err, kind }, 'an incident could not be recorded');
    });
  }
}

/** The log's genesis; written from the topology where there is none yet. @throws TopologyMismatchError */
async function findGenesis(reader: LogReader, topologyFile: string): Promise<Genesis> {
  const topology = readTopology(topologyFile);
  const stored =
    (await reader.genesis()) ?? (await reader.insertGenesis(genesisOf(topology, randomBytes(32), Date.now())));
  const expected = genesisOf(topology, stored.randomness, stored.startTimeMs);
  if (equalBytes(logId(expected), logId(stored))) return stored;
  throw new TopologyMismatchError(
    { code: 'TOPOLOGY_MISMATCH' },
    `The topology file ${topologyFile} is not the one that this log began with.`,
    'Use the original file: changes after genesis are registry entries. For a new network use an empty database.',
  );
}
