import { randomUUID } from 'node:crypto';
import { LocalSigner, recoverAddress, SenderRecoveryPool } from '#libs/crypto';
import type { OutgoingSlice } from '#libs/messaging';
import type { NewEntry, SealedBlock } from '#libs/ordering';
import { EvidenceReader, type LogReader, newestDisputes, pendingRestore, recordIncident } from '#libs/persistence';
import { findRollup, type Genesis, hexToBytes, logId, type Registry, type SignedVote } from '#libs/protocol';
import type { Logger, SequencerMetrics } from '#libs/runtime';
import type { SequencerSettings } from '../config.js';
import { BlockMeter } from '../metrics/block-meter.js';
import { AdminDesk } from './admin-desk.js';
import { readAnnouncement } from './announce-tip.js';
import { EntryDesk } from './entry-desk.js';
import { ExecutorStatements } from './executor-statements.js';
import { ExecutorWatch } from './executor-watch.js';
import { IncidentDesk } from './incident-desk.js';
import { IntakeQueue } from './intake-queue.js';
import { LeaderTerm } from './leader-term.js';
import { LeadershipLoop } from './leadership-loop.js';
import { LogSlices } from './log-slices.js';
import { LogTail } from './log-tail.js';
import type { OpenLog } from './open-log.js';
import { OperationDesk } from './operation-desk.js';
import { OperationQueries } from './operation-queries.js';
import { OperatorCommands } from './operator-commands.js';
import { SubmissionError } from './submission-error.js';
import { TermStart } from './term-start.js';
import { TransactionDesk } from './transaction-desk.js';
import { WriteWatch } from './write-watch.js';

/** What leaves the process when a block is durable, and what it asks of others. */
export interface SequencerOutlets {
  publish(slices: OutgoingSlice[]): void;
  /** Ask the executors of these rollups for their votes again. */
  requestVotes(chainIds: readonly number[]): void;
  /** This node leads: take submissions, votes, roots and prices. */
  serve(): void;
  /** It leads no longer. */
  cease(): void;
}

/** A stand-by that has not read the log for so long is not ready. */
const STALE_MS = 3_000;

/**
 * A sequencer node: admission, ordering, the log and the relay. It leads or stands by, see {@link LeadershipLoop};
 * only the leader takes submissions, both answer reads.
 */
export class Sequencer {
  readonly transactions: TransactionDesk;
  readonly operations: OperationDesk;
  readonly entries: EntryDesk;
  readonly statements: ExecutorStatements;
  readonly commands: AdminDesk;
  readonly operator: OperatorCommands;
  readonly executors: ExecutorWatch;
  readonly queries: OperationQueries;
  readonly evidence: EvidenceReader;
  readonly logId: Uint8Array;
  /** What followers replay. */
  readonly slices: LogSlices;
  private readonly queue: IntakeQueue;
  private readonly termStart: TermStart;
  private readonly leadershipLoop: LeadershipLoop;
  private outlets: SequencerOutlets | null = null;
  private readonly writes = new WriteWatch(() => performance.now());
  private running: Promise<void> | null = null;

  /** Reads the log for all that asks. */
  readonly reader: LogReader;
  readonly genesis: Genesis;
  private readonly pool: SenderRecoveryPool;
  private readonly signer: LocalSigner;
  private readonly meter: BlockMeter;

  /** @param log is closed with the sequencer */
  constructor(
    private readonly settings: SequencerSettings,
    private readonly log: OpenLog,
    private readonly metrics: SequencerMetrics,
    readonly logger: Logger,
  ) {
    const { genesis, reader } = log;
    this.meter = new BlockMeter(metrics);
    this.genesis = genesis;
    this.reader = reader;
    this.signer = new LocalSigner(hexToBytes(settings.SEQUENCER_KEY));
    const pool = new SenderRecoveryPool(
      { workers: settings.LOCKSTEP_RECOVERY_WORKERS, queueMax: settings.LOCKSTEP_QUEUE_MAX },
      { onWorkerCrash: (err) => logger.error({ err }, 'a recovery worker crashed') },
    );
    this.pool = pool;
    this.logId = logId(genesis);
    const isRollup = (chainId: number): boolean => findRollup(this.registry(), chainId) !== undefined;
    this.slices = new LogSlices(genesis, reader, () => this.tip().number, isRollup);
    this.queries = new OperationQueries(reader);
    this.evidence = new EvidenceReader(log.dataSource, genesis);
    this.queue = new IntakeQueue(settings.LOCKSTEP_QUEUE_MAX, () => this.term?.wake());
    this.termStart = this.createTermStart();
    this.leadershipLoop = this.createLeadershipLoop();
    this.executors = new ExecutorWatch(settings.LOCKSTEP_EXECUTOR_SILENT_MS, performance.now(), () => this.registry());
    const registry = (): Registry => this.leading().state.registry;
    const isDraining = (): boolean => this.isDraining;
    const isInLog = async (id: Uint8Array): Promise<boolean> => (await reader.entryById(id)) !== undefined;
    const modules = { queue: this.queue, registry, isDraining, metrics, logger };
    const shared = { logId: this.logId, recover: recoverAddress, ...modules };
    this.transactions = new TransactionDesk(
      { nonceGapMs: settings.LOCKSTEP_NONCE_GAP_MS, openPerSenderMax: 16_384 },
      {
        ...shared,
        recover: (records) => pool.recover(records),
        nextNonces: (accounts) => reader.nextNonces(accounts),
        isInLog,
      },
    );
    this.operations = new OperationDesk(
      { prepareMsMax: genesis.prepareMsMax, undecidedMax: 4_096, signerPerSecond: 200, seriesPerSecond: 2_000 },
      {
        ...shared,
        findBySignerNonce: (signer, nonce) => this.queries.bySignerNonce(signer, nonce),
        disputedAmong: (participants) => this.statements.disputedAmong(participants),
        silentAmong: (participants) => this.executors.silentAmong(participants, performance.now()),
        monotonicMs: () => performance.now(),
      },
    );
    this.entries = new EntryDesk({ ...shared, leader: this.signer.address });
    this.commands = new AdminDesk(
      this.logId,
      recoverAddress,
      () => this.registry(),
      (root) => this.leadershipLoop.state.hasLogged(root),
    );
    this.operator = new OperatorCommands({
      queue: this.queue,
      leading: () => this.leading(),
      epoch: () => this.epoch,
      transfer: () => this.leadershipLoop.transfer(),
    });
    const incidents = new IncidentDesk({
      record: (kind, detail) => recordIncident(log.dataSource, kind, detail),
      count: (kind) => metrics.incidents.inc({ kind }),
      ...{ logger, monotonicMs: () => performance.now() },
    });
    this.statements = new ExecutorStatements({
      ...{ logId: this.logId, recover: recoverAddress, isInLog, incidents },
      state: () => this.leadershipLoop.state,
      votes: metrics.relay.votes,
      wallMs: () => Date.now(),
    });
  }

  /** Begins to stand by or lead; returns at once. */
  start(outlets: SequencerOutlets): void {
    this.outlets = outlets;
    this.running ??= this.leadershipLoop.run();
  }

  /** Finishes the block under way, gives the lease back and closes everything. */
  async stop(): Promise<void> {
    this.leadershipLoop.stop();
    await this.running;
    await this.pool.close();
    await this.log.close();
  }

  /** Whether it leads and can write; else submissions are refused. */
  get isLeading(): boolean {
    return this.term !== null && this.writes.canWrite;
  }

  /** Whether it leads, or has just read the log and knows who does. */
  get isReady(): boolean {
    if (this.term) return this.writes.canWrite;
    const { leaderUrl, caughtUpAtMs } = this.leadershipLoop;
    return leaderUrl !== null && performance.now() - caughtUpAtMs < STALE_MS;
  }

  get epoch(): number | null {
    return this.term?.epoch ?? null;
  }

  /** The leader's URL as this node last read it; null when this node leads, or nobody did. */
  get leaderUrl(): string | null {
    return this.term ? null : this.leadershipLoop.leaderUrl;
  }

  /** Where submissions are to be forwarded to; null when this node leads, or nobody does. */
  findLeader(): Promise<string | null> {
    return this.leadershipLoop.findLeader();
  }

  /** The registry in force in the next block, as far as this node has read the log. */
  registry(): Registry {
    return this.leadershipLoop.state.registry;
  }

  /** Whether an operator has drained the intake, as far as this node has read the log. */
  get isDraining(): boolean {
    return this.leadershipLoop.state.isDraining;
  }

  /** The newest durable block, as far as this node has read the log. */
  tip(): { number: number; hash: Uint8Array; timestampMs: number; nextSequence: bigint } {
    return this.leadershipLoop.state.tip;
  }

  /** An operator says that this node's clock is right, however far log time has to jump. */
  confirmTime(): void {
    this.termStart.confirmTime();
  }

  /** What waits, for metrics. */
  get waiting(): { submissions: number; submissionsMax: number; recoveries: number } {
    const { queue, settings, pool } = this;
    const submissionsMax = settings.LOCKSTEP_QUEUE_MAX;
    return { submissions: queue.size, submissionsMax, recoveries: pool.recordsPending };
  }

  /** Log time minus wall time in ms; 0 while this node does not lead. */
  logTimeOffsetMs(): number {
    return this.term?.logTimeOffsetMs() ?? 0;
  }

  /** Rollups whose differing roots stop their prepares; none while this node does not lead. */
  disputedRollups(): number[] {
    return this.term ? this.statements.disputed(this.registry()) : [];
  }

  undecidedCount(): number {
    return this.term?.state.coordinator.size ?? 0;
  }

  receiveVote(vote: SignedVote): void {
    const receipt = this.term?.receiveVote(vote);
    if (receipt) this.statements.voteReceived(vote, receipt);
  }

  receiveRoot(bytes: Uint8Array): void {
    if (this.term) this.statements.rootReceived(bytes);
  }

  private createLeadershipLoop(): LeadershipLoop {
    const { settings, logger } = this;
    const { leadership, dataSource, reader, genesis } = this.log;
    const { LOCKSTEP_LEASE_MS: leaseMs, LOCKSTEP_ADVERTISE_URL, RPC_HOST, RPC_PORT } = settings;
    return new LeadershipLoop(
      {
        holder: `${process.pid}-${randomUUID()}`,
        url: LOCKSTEP_ADVERTISE_URL ?? `http://${RPC_HOST}:${RPC_PORT}`,
        leaseMs,
      },
      {
        leadership,
        logger,
        openTail: () => new LogTail(dataSource, reader, genesis, recoverAddress),
        assertMayLead: (state) => this.termStart.assertMayLead(state),
        beginTerm: (epoch, state) => this.termStart.begin(epoch, state),
        onLeading: (term) => this.onLeading(term),
        onTermEnd: () => this.onTermEnd(),
      },
    );
  }

  private createTermStart(): TermStart {
    const { queue, signer, logger, metrics, settings } = this;
    const { dataSource, leadership } = this.log;
    return new TermStart(
      {
        databaseUrl: settings.DATABASE_URL,
        candidatesMax: settings.LOCKSTEP_BLOCK_SUBMISSIONS_MAX,
        stepDownMs: 2 * settings.LOCKSTEP_LEASE_MS,
      },
      {
        ...{ leadership, signer, recover: recoverAddress },
        pendingRestore: (head) => pendingRestore(dataSource, head),
        open: (options, state, modules) => LeaderTerm.begin(options, state, modules),
        term: {
          ...{ queue, logger, metrics },
          roots: () => this.statements.waitingRoots(),
          onBlock: (block, slices, roots) => this.onBlock(block, slices, roots),
          onWrite: (ok) => this.writes.written(ok),
        },
      },
    );
  }

  private async onLeading(term: LeaderTerm): Promise<void> {
    this.executors.countAnew(performance.now());
    this.writes.begin();
    this.meter.reset();
    this.metrics.leadership.terms.inc();
    await this.statements.begin(await newestDisputes(this.log.dataSource));
    const { slices, voters } = await readAnnouncement(this.reader, term.state);
    this.outlets?.publish(slices);
    this.outlets?.requestVotes(voters);
    this.outlets?.serve();
  }

  private onTermEnd(): void {
    this.writes.end();
    this.outlets?.cease();
    this.slices.clear();
    this.queue.refuseAll(SubmissionError.notLeading());
    this.transactions.reset(SubmissionError.notLeading());
    this.operations.reset();
  }

  private onBlock(block: SealedBlock, slices: OutgoingSlice[], roots: readonly NewEntry[]): void {
    this.slices.add(block.header.number, slices);
    this.meter.block(block);
    this.outlets?.publish(slices);
    this.statements.rootsPlaced(roots);
  }

  /** @throws SubmissionError `NOT_LEADING`, `CANNOT_WRITE` */
  private leading(): LeaderTerm {
    if (!this.term) throw SubmissionError.notLeading();
    if (!this.writes.canWrite) throw SubmissionError.cannotWrite();
    return this.term;
  }

  private get term(): LeaderTerm | null {
    return this.leadershipLoop.term;
  }
}
