import type { DigestSigner } from '#libs/crypto';
import { LogClock, LogTimeError, startLogTime } from '#libs/ordering';
import type { LogWriter } from '#libs/persistence';
import { bytesToHex, type Registry, SHARED_LANE, SignedVote } from '#libs/protocol';
import type { Logger } from '#libs/runtime';
import { BlockLoop } from '../../../apps/sequencer/src/engine/block-loop.js';
import { EntryDesk } from '../../../apps/sequencer/src/engine/entry-desk.js';
import { IntakeQueue } from '../../../apps/sequencer/src/engine/intake-queue.js';
import { LogState } from '../../../apps/sequencer/src/engine/log-state.js';
import { OperationDesk } from '../../../apps/sequencer/src/engine/operation-desk.js';
import { SubmissionError } from '../../../apps/sequencer/src/engine/submission-error.js';
import { accountKey, TransactionDesk } from '../../../apps/sequencer/src/engine/transaction-desk.js';
import { Owner } from '../support/scheduler.js';
import { LogConnection } from './log-connection.js';
import { START_MS } from './topology.js';
import type { World } from './world.js';

/** How long a lease lasts, ms; a leader that cannot write for twice as long steps down. */
const LEASE_MS = 240;
const RETRY_MS = 60;

const silent = (): void => undefined;
const logger = { info: silent, warn: silent, error: silent, debug: silent } as unknown as Logger;

interface Term {
  epoch: number;
  state: LogState;
  loop: BlockLoop;
}

/** The machine that a sequencer process runs on: its clock goes on while the process is down. */
export class SequencerNode {
  process: SequencerProcess | null = null;
  /** Wall clock minus true time, ms. */
  wallOffsetMs = 0;

  constructor(
    readonly world: World,
    readonly index: number,
    readonly signer: DigestSigner,
  ) {}

  start(): void {
    this.process ??= new SequencerProcess(this);
  }

  kill(): void {
    if (this.process) this.process.owner.alive = false;
    this.process = null;
  }

  wallMs(): number {
    return START_MS + this.world.scheduler.nowMs + this.wallOffsetMs;
  }
}

/**
 * A sequencer process: production's desks, queue, block loop, log state and coordinator, with what surrounds them in
 * production (lease, reading the log, announcing) done the same way over a simulated log and network.
 */
export class SequencerProcess {
  readonly owner = new Owner(true);
  readonly queue: IntakeQueue;
  readonly transactions: TransactionDesk;
  readonly operations: OperationDesk;
  readonly entries: EntryDesk;
  term: Term | null = null;
  private canWrite = false;

  constructor(private readonly node: SequencerNode) {
    const { world } = node;
    const { log, crypto, topology, scheduler } = world;
    this.queue = new IntakeQueue(200, () => this.term?.loop.wake());
    const { logId } = world;
    const { queue } = this;
    const { recover } = crypto;
    const registry = (): Registry => this.leading().state.registry;
    const isDraining = (): boolean => false;
    const looksUp = <T>(read: () => T): Promise<T> => world.query(this.owner, read);
    this.transactions = new TransactionDesk(
      { nonceGapMs: 300, openPerSenderMax: 100 },
      {
        queue,
        recover: (records) => Promise.resolve(records.map((record) => crypto.senderOf(record))),
        nextNonces: (accounts) =>
          looksUp(() => accounts.map(({ chainId, sender }) => log.nonces.get(accountKey(chainId, sender)) ?? 0n)),
        isInLog: (id) => looksUp(() => log.hasEntry(id)),
        registry,
        isDraining,
        logger,
      },
    );
    this.operations = new OperationDesk(
      { prepareMsMax: topology.genesis.prepareMsMax, undecidedMax: 50, signerPerSecond: 200, seriesPerSecond: 200 },
      {
        logId,
        queue,
        recover,
        registry,
        isDraining,
        findBySignerNonce: (signer, nonce) => looksUp(() => this.findOperation(signer, nonce)),
        disputedAmong: () => [],
        silentAmong: () => [],
        monotonicMs: () => scheduler.nowMs,
        logger,
      },
    );
    this.entries = new EntryDesk({ logId, queue, recover, registry, leader: node.signer.address });
    this.standBy(5 * node.index + 1);
  }

  /** @throws SubmissionError as production's sequencer does */
  leading(): Term {
    if (!this.term) throw SubmissionError.notLeading();
    if (!this.canWrite) throw SubmissionError.cannotWrite();
    return this.term;
  }

  receiveVote(bytes: Uint8Array): void {
    if (!this.term) return;
    const signed = SignedVote.deserialize(bytes);
    const { status } = this.term.state.coordinator.receiveVote(signed);
    this.node.world.checks.voteReceived(signed, status);
    if (status === 'counted') this.term.loop.wake();
  }

  /** Looks at the lease after a while. */
  private standBy(afterMs: number): void {
    this.node.world.scheduler.after(afterMs, this.owner, () => this.tryToLead());
  }

  private tryToLead(): void {
    const { world, index } = this.node;
    const { log, scheduler } = world;
    if (world.isDatabaseDown()) return this.standBy(RETRY_MS);
    const leaseEndsMs = log.lease?.untilMs ?? -Infinity;
    if (leaseEndsMs > scheduler.nowMs) return this.standBy(leaseEndsMs - scheduler.nowMs + 3 + 11 * index);
    try {
      const databaseMs = START_MS + scheduler.nowMs;
      startLogTime({ lastTimestampMs: log.head.timestampMs, wallMs: this.node.wallMs(), databaseMs });
    } catch (error) {
      if (!(error instanceof LogTimeError)) throw error;
      return this.standBy(RETRY_MS);
    }
    const epoch = log.take(scheduler.nowMs, LEASE_MS);
    if (epoch === null) return this.standBy(RETRY_MS);
    scheduler.after(world.latencyMs('read'), this.owner, () => {
      const state = this.readLog();
      scheduler.after(world.latencyMs('begin'), this.owner, () => this.lead(epoch, state));
    });
  }

  /** What a new leader knows of the log, once its epoch keeps all others from appending. */
  private readLog(): LogState {
    const { world } = this.node;
    const { log, topology, crypto, parts } = world;
    const state = new LogState(topology.genesis, crypto.recover);
    const nextLaneSequences = new Map<number, bigint>();
    for (const { header, hash, lanes, entries, extras } of log.blocks) {
      const shared = entries.filter(({ lane }) => lane === SHARED_LANE);
      if (shared.length > 0) state.apply(shared, { number: header.number, timestampMs: header.timestamp, hash });
      state.lastAudit = extras.audits?.at(-1) ?? state.lastAudit;
      for (const { chainId, firstLaneSequence } of lanes) nextLaneSequences.set(chainId, firstLaneSequence);
      for (const { lane } of entries) nextLaneSequences.set(lane, nextLaneSequences.get(lane)! + 1n);
    }
    const { number, hash, timestampMs, lastSequence } = log.head;
    state.tip = { number, hash, timestampMs, nextSequence: lastSequence + 1n, nextLaneSequences };
    parts.onLogRead?.(state);
    return state;
  }

  private lead(epoch: number, state: LogState): void {
    const { world, signer } = this.node;
    const { log, scheduler } = world;
    const wallMs = (): number => this.node.wallMs();
    const monotonicMs = (): number => scheduler.nowMs;
    const loop = new BlockLoop(
      { epoch, candidatesMax: 50, stepDownMs: 2 * LEASE_MS },
      {
        state,
        signer,
        logger,
        wallMs,
        monotonicMs,
        queue: this.queue,
        writer: new LogConnection(world, log, this.owner) as unknown as LogWriter,
        clock: new LogClock(Math.max(state.tip.timestampMs, wallMs()), monotonicMs()),
        roots: () => [],
        onDurable: ({ header }) => world.publish(header.number),
        onWrite: (ok) => {
          this.canWrite = ok;
        },
      },
    );
    this.term = { epoch, state, loop };
    this.canWrite = true;
    world.happened('lead', epoch);
    if (state.tip.number > 0) world.publish(state.tip.number);
    world.requestVotes(state.coordinator.undecided().flatMap(({ participants }) => participants));
    this.renewLater();
    loop.run().then(
      () => this.endTerm(epoch),
      (error: unknown) => world.fail(error),
    );
  }

  private endTerm(epoch: number): void {
    const { world } = this.node;
    this.term = null;
    this.canWrite = false;
    world.happened('lead_no_more', epoch);
    this.queue.refuseAll(SubmissionError.notLeading());
    this.transactions.reset(SubmissionError.notLeading());
    if (!world.isDatabaseDown()) world.log.release(epoch);
    this.standBy(RETRY_MS);
  }

  private renewLater(): void {
    const { world } = this.node;
    const { term } = this;
    world.scheduler.after(LEASE_MS / 3, this.owner, () => {
      if (!term || this.term !== term) return;
      // A lease that could not be renewed is not fatal: the epoch in the head keeps two leaders apart.
      if (world.isDatabaseDown() || world.log.renew(term.epoch, world.scheduler.nowMs, LEASE_MS)) this.renewLater();
      else term.loop.stop();
    });
  }

  private findOperation(signer: Uint8Array, nonce: bigint): Awaited<ReturnType<OperationDeskPort>> {
    const { log } = this.node.world;
    const place = log.operations.get(`${bytesToHex(signer)}:${nonce}`);
    if (!place) return null;
    const row = log.blocks[place.block - 1]!.extras.operations[place.index]!;
    const decision = log.decided.get(bytesToHex(row.operationId));
    const status = !decision ? 'prepared' : decision.outcome === 1 ? 'committed' : 'aborted';
    return { operationId: row.operationId, kind: row.kind, intentBody: row.intentBody, status };
  }
}

type OperationDeskPort = ConstructorParameters<typeof OperationDesk>[1]['findBySignerNonce'];
