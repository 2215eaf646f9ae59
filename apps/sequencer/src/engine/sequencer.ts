import { randomUUID } from 'node:crypto';
import { LocalSigner, recoverAddress, SenderRecoveryPool } from '#libs/crypto';
import { type OutgoingSlice, RecentSlices, type SliceSource } from '#libs/messaging';
import type { NewEntry, SealedBlock } from '#libs/ordering';
import {
  DIFFERING_ROOTS,
  EvidenceReader,
  type LogReader,
  newestDisputes,
  pendingRestore,
  recordIncident,
} from '#libs/persistence';
import {
  bytesToHex,
  findRollup,
  Genesis,
  hexToBytes,
  logId,
  type Registry,
  type SignedVote,
  Slice,
} from '#libs/protocol';
import type { Logger, SequencerMetrics } from '#libs/runtime';
import type { SequencerSettings } from '../config.js';
import { BlockMeter } from '../metrics/block-meter.js';
import { AbortCandidate } from './abort-candidate.js';
import { AuditCandidate, type CommandAuthor, type CommandPlace } from './audit-candidate.js';
import { AdminDesk } from './admin-desk.js';
import { readAnnouncement } from './announce-tip.js';
import { EntryDesk } from './entry-desk.js';
import { ExecutorWatch } from './executor-watch.js';
import { IncidentDesk } from './incident-desk.js';
import { IntakeQueue } from './intake-queue.js';
import { LeaderTerm } from './leader-term.js';
import { LeadershipLoop } from './leadership-loop.js';
import type { LogState } from './log-state.js';
import { LogTail } from './log-tail.js';
import { assertMayLead } from './may-lead.js';
import type { OpenLog } from './open-log.js';
import { OperationDesk } from './operation-desk.js';
import { OperationQueries } from './operation-queries.js';
import { RootDisputes } from './root-disputes.js';
import { type DifferingRoots, StateRootDesk } from './state-root-desk.js';
import { SubmissionError } from './submission-error.js';
import { TransactionDesk } from './transaction-desk.js';
import { VoteArrivals } from './vote-arrivals.js';
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
export class Sequencer implements SliceSource {
  readonly transactions: TransactionDesk;
  readonly operations: OperationDesk;
  readonly entries: EntryDesk;
  readonly roots: StateRootDesk;
  readonly commands: AdminDesk;
  readonly executors: ExecutorWatch;
  readonly arrivals = new VoteArrivals();
  readonly queries: OperationQueries;
  readonly evidence: EvidenceReader;
  readonly logId: Uint8Array;
  private readonly queue: IntakeQueue;
  private readonly recent = new RecentSlices();
  private readonly genesisSsz: Uint8Array;
  private readonly leadershipLoop: LeadershipLoop;
  private outlets: SequencerOutlets | null = null;
  private readonly writes = new WriteWatch(() => performance.now());
  private timeConfirmed = false;
  private readonly disputes = new RootDisputes();
  private readonly incidents: IncidentDesk;
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
    this.genesisSsz = Genesis.serialize(genesis);
    this.queries = new OperationQueries(reader);
    this.evidence = new EvidenceReader(log.dataSource, genesis);
    this.queue = new IntakeQueue(settings.LOCKSTEP_QUEUE_MAX, () => this.term?.wake());
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
        disputedAmong: (participants) => this.disputes.among(participants, this.leading().state),
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
    this.incidents = new IncidentDesk({
      record: (kind, detail) => recordIncident(log.dataSource, kind, detail),
      count: (kind) => metrics.incidents.inc({ kind }),
      ...{ logger, monotonicMs: () => performance.now() },
    });
    this.roots = new StateRootDesk({
      ...{ logId: this.logId, recover: recoverAddress, isInLog },
      onDiffering: (differing) => this.onDifferingRoots(differing),
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

  /** The leader's URL; null when this node leads, or nobody does. */
  get leaderUrl(): string | null {
    return this.term ? null : this.leadershipLoop.leaderUrl;
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

  /** Aborts an undecided operation; resolves once the decision is durable. @throws SubmissionError */
  abortOperation(operationId: Uint8Array, author: CommandAuthor): Promise<CommandPlace> {
    const { coordinator } = this.leading().state;
    return new Promise((resolve, reject) => {
      this.queue.push(new AbortCandidate(operationId, author, coordinator, { resolve, reject }));
    });
  }

  /** Drains the intake or resumes it, for every later leader too; resolves once that is durable. @throws SubmissionError */
  setDraining(isDraining: boolean, author: CommandAuthor): Promise<CommandPlace> {
    return this.audited(isDraining ? 'intake.drain' : 'intake.resume', author);
  }

  /** Hands leadership to a stand-by, once its audit row is durable. @throws SubmissionError */
  async transferLeadership(author: CommandAuthor): Promise<CommandPlace & { endedEpoch: number }> {
    const { epoch } = this.leading();
    const place = await this.audited('leader.transfer', author);
    if (this.term?.epoch === epoch) this.leadershipLoop.transfer();
    return { ...place, endedEpoch: epoch };
  }

  private audited(command: string, author: CommandAuthor): Promise<CommandPlace> {
    this.leading();
    return new Promise((resolve, reject) => {
      this.queue.push(new AuditCandidate(command, author, { resolve, reject }));
    });
  }

  /** An operator says that this node's clock is right, however far log time has to jump. */
  confirmTime(): void {
    this.timeConfirmed = true;
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
    const { term } = this;
    const chainIds = this.registry().rollups.map(({ chainId }) => chainId);
    return term ? this.disputes.among(chainIds, term.state) : [];
  }

  undecidedCount(): number {
    return this.term?.state.coordinator.size ?? 0;
  }

  receiveVote(vote: SignedVote): void {
    const receipt = this.term?.receiveVote(vote);
    const { chainId, operationId } = vote.vote;
    const voter = findRollup(this.registry(), chainId) ? String(chainId) : 'unknown';
    if (receipt) this.metrics.relay.votes.inc({ chain_id: voter, result: receipt.status });
    if (receipt?.status === 'counted') this.arrivals.add(vote.vote, Date.now());
    const detail = { chainId, operationId: bytesToHex(operationId) };
    if (receipt?.status === 'refused') this.incidents.report('refused_vote', { ...detail, fault: receipt.fault });
    else if (receipt?.status === 'conflicting') this.incidents.report('conflicting_votes', detail);
  }

  receiveRoot(bytes: Uint8Array): void {
    if (this.term) this.roots.receive(bytes, this.registry(), this.tip().number);
  }

  genesisBytes(): Uint8Array {
    return this.genesisSsz;
  }

  head(): number {
    return this.tip().number;
  }

  async slices(chainId: number, from: number, limit: number, bytesMax: number): Promise<Uint8Array[]> {
    const recent = this.recent.slices(chainId, from, limit, bytesMax);
    if (recent) return recent;
    const slices = await this.reader.slices(chainId, from, limit, bytesMax);
    return slices.map((slice) => Slice.serialize(slice));
  }

  private createLeadershipLoop(): LeadershipLoop {
    const { settings, logger, signer } = this;
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
        assertMayLead: async (state) =>
          assertMayLead(state, signer.address, await leadership.clockMs(), this.timeConfirmed),
        beginTerm: (epoch, state) => this.beginTerm(epoch, state),
        onLeading: (term) => this.onLeading(term),
        onTermEnd: () => this.onTermEnd(),
      },
    );
  }

  private async beginTerm(epoch: number, state: LogState): Promise<LeaderTerm> {
    const { queue, signer, logger, metrics, settings } = this;
    const { dataSource } = this.log;
    state.pendingRestore = await pendingRestore(dataSource, state.tip.number);
    const leaseMs = settings.LOCKSTEP_LEASE_MS;
    const options = {
      epoch,
      databaseUrl: settings.DATABASE_URL,
      candidatesMax: settings.LOCKSTEP_BLOCK_SUBMISSIONS_MAX,
      stepDownMs: 2 * leaseMs,
    };
    return LeaderTerm.begin(options, state, {
      ...{ queue, signer, logger, metrics },
      roots: () => this.roots.entries(),
      onBlock: (block, slices, roots) => this.onBlock(block, slices, roots),
      onWrite: (ok) => this.writes.written(ok),
    });
  }

  private async onLeading(term: LeaderTerm): Promise<void> {
    this.executors.countAnew(performance.now());
    this.writes.begin();
    this.meter.reset();
    this.metrics.leadership.terms.inc();
    await this.roots.begin();
    for (const dispute of await newestDisputes(this.log.dataSource)) this.disputes.add(dispute);
    const { slices, voters } = await readAnnouncement(this.reader, term.state);
    this.outlets?.publish(slices);
    this.outlets?.requestVotes(voters);
    this.outlets?.serve();
  }

  private onTermEnd(): void {
    this.writes.end();
    this.outlets?.cease();
    this.recent.clear();
    this.queue.refuseAll(SubmissionError.notLeading());
    this.transactions.reset(SubmissionError.notLeading());
    this.operations.reset();
  }

  private onBlock(block: SealedBlock, slices: OutgoingSlice[], roots: readonly NewEntry[]): void {
    this.recent.add(block.header.number, slices);
    this.meter.block(block);
    this.outlets?.publish(slices);
    if (roots.length > 0) this.roots.placed(roots);
  }

  /** No new prepares for that rollup; the incident tells the next leader. */
  private onDifferingRoots({ chainId, number, isSameKey, first, second }: DifferingRoots): void {
    const logTimeMs = this.tip().timestampMs;
    this.disputes.add({ chainId, logTimeMs });
    const roots = [first, second].map(({ stateRoot, signature }) => {
      return { root: bytesToHex(stateRoot.root), signature: bytesToHex(signature) };
    });
    const detail = { chainId, number, logTimeMs, isSameKey, roots };
    this.incidents.report(DIFFERING_ROOTS, detail, `${DIFFERING_ROOTS} ${chainId}`);
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
