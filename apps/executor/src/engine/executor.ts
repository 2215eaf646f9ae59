import type { DigestSigner } from '#libs/crypto';
import {
  type Cursor,
  type ExecutorStatus,
  RootPublisher,
  StatusPublisher,
  type VerifiedBlock,
  VoteSender,
} from '#libs/executor-sdk';
import type { NatsConnection } from '#libs/messaging';
import type { BlockResult, Ledger } from '#libs/options';
import { bytesToHex, EntryKind, equalBytes, type Genesis, Reason } from '#libs/protocol';
import { type ExecutorMetrics, failpoint, type Logger } from '#libs/runtime';
import { ExecutorError } from '../errors.js';
import type { ExecutorStore } from '../store/executor-store.js';
import { receiptsOf, type StoredReceipt } from '../store/receipt-record.js';
import { describeHalt, type Halt } from './halt.js';
import { HeightWaiters } from './height-waiters.js';
import type { KeyRing } from './key-ring.js';
import { openLedger } from './open-ledger.js';
import { OperationBook } from './operation-book.js';
import { ReceiptWaiters } from './receipt-waiters.js';
import { SelfDoubt } from './self-doubt.js';
import { SenderCheck } from './sender-check.js';
import { VectorClock } from './vector-clock.js';
import { VoteBook, type VoteChanges } from './vote-book.js';

export type ExecutorRole = 'voting' | 'replica';

export interface ExecutorOptions {
  chainId: number;
  role: ExecutorRole;
  version: string;
  dataDir: string;
}

export interface ExecutorModules {
  store: ExecutorStore;
  nats: NatsConnection;
  keys: KeyRing;
  metrics: ExecutorMetrics;
  logger: Logger;
}

/** What the executor needs to know of the follower that brings its blocks. */
export interface FeedState {
  /** Whether blocks come live, not by replay. */
  readonly isFollowing: boolean;
  /** Blocks that are known to exist and were not handed out. */
  readonly behindBlocks: number;
  close(): void;
}

const NO_VOTES: VoteChanges = { votes: [], signed: [], settled: [] };

/**
 * One rollup's executor: takes verified blocks one by one, applies each to the ledger, stores what it changed in one
 * write, and only then tells others: votes, state root, waiting readers.
 *
 *     applying ── the log breaks a rule ──► halted: answers reads at the last whole block, votes no more
 *
 * While it applies it may hold its votes back: see {@link SelfDoubt}.
 */
export class Executor {
  readonly heights = new HeightWaiters();
  readonly receipts = new ReceiptWaiters();
  private readonly votes: VoteBook;
  private readonly operations = new OperationBook();
  private readonly voteSender: VoteSender | null;
  private readonly senderCheck: SenderCheck | null;
  private readonly roots: RootPublisher;
  private readonly clock = new VectorClock();
  private readonly doubt: SelfDoubt;
  private status: StatusPublisher | null = null;
  private lastRoot: { number: number; root: Uint8Array } | null = null;
  private haltedBy: Halt | null = null;
  /** The block at which the log must be the same as before a rewind. */
  private rewind: { number: number; hash: Uint8Array } | null = null;
  private reload: Promise<void> = Promise.resolve();
  /** The key in force of which operators have been told; undefined before it followed. */
  private toldKey: DigestSigner | null | undefined;
  private feed: FeedState = { isFollowing: false, behindBlocks: 0, close: () => undefined };
  private readonly startedAtMs = Date.now();

  private constructor(
    readonly genesis: Genesis,
    private currentLedger: Ledger,
    private currentCursor: Cursor,
    readonly options: ExecutorOptions,
    private readonly modules: ExecutorModules,
  ) {
    const { nats, keys } = modules;
    const { chainId, role } = options;
    const { logId } = currentCursor;
    this.doubt = new SelfDoubt(chainId, modules.logger);
    this.votes = new VoteBook(logId, chainId, keys);
    this.voteSender = role === 'voting' ? new VoteSender(nats, { chainId }) : null;
    this.senderCheck = role === 'replica' ? new SenderCheck() : null;
    this.roots = new RootPublisher(nats, { logId, chainId });
  }

  /**
   * Loads the state from the store and sends the undecided votes that lie there.
   * @throws LedgerLoadError
   */
  static async open(genesis: Genesis, options: ExecutorOptions, modules: ExecutorModules): Promise<Executor> {
    const { ledger, cursor } = await openLedger(modules.store, genesis, options.chainId);
    const executor = new Executor(genesis, ledger, cursor, options, modules);
    executor.clock.update(await modules.store.records('clock'));
    const votes = options.role === 'voting' ? await modules.store.votes() : [];
    executor.rewind = await modules.store.rewindTarget();
    executor.votes.load(votes);
    for (const vote of votes) executor.voteSender?.add(vote);
    const undecided = [...ledger.operations()].map(({ operationId }) => modules.store.operations.find(operationId));
    executor.operations.load((await Promise.all(undecided)).filter((record) => record !== null));
    return executor;
  }

  /** State after the last whole block; for reads. */
  get ledger(): Ledger {
    return this.currentLedger;
  }

  /** Where the feed goes on. */
  get cursor(): Cursor {
    return this.currentCursor;
  }

  get halted(): Halt | null {
    return this.haltedBy;
  }

  get store(): ExecutorStore {
    return this.modules.store;
  }

  get undecidedVotes(): number {
    return this.voteSender?.undecided ?? 0;
  }

  /**
   * Begins to say once a second how things stand.
   * @param feed closed at a halt
   */
  startStatus(feed: FeedState): void {
    this.feed = feed;
    this.status = new StatusPublisher(this.modules.nats, () => this.describe());
  }

  /** Applies the next block. Never throws: what is wrong with the log halts the executor. */
  async apply(block: VerifiedBlock): Promise<void> {
    if (this.haltedBy) return;
    try {
      if (this.rewind?.number === block.header.number) assertSameBlock(this.rewind.hash, block);
      await this.senderCheck?.check(block);
      await this.applyAndStore(block);
    } catch (error) {
      await this.halt(error as Error, block);
    }
  }

  /** Looks at a slice that came live while blocks before it are still to be replayed: has this executor been there? */
  glimpse(bytes: Uint8Array): void {
    if (!this.voteSender || this.haltedBy) return;
    if (this.doubt.glimpse(this.currentCursor, bytes)) this.holdVotes();
  }

  /** Stops applying for good, with evidence; reads go on from the last block that was stored. */
  async halt(error: Error, block: VerifiedBlock | null = null): Promise<void> {
    if (this.haltedBy) return;
    const { logger, store } = this.modules;
    this.haltedBy = describeHalt(error, this.currentCursor.number, block, this.options.dataDir);
    logger.error({ err: error, evidence: this.haltedBy.evidence }, 'halted');
    this.voteSender?.stop();
    this.feed.close();
    if (block) this.reload = this.reloadLedger(store);
    this.status?.publish();
    await this.reload;
  }

  /** Ends when the ledger stands after a whole block: at once, but for the moment after a halt. */
  whole(): Promise<void> {
    return this.reload;
  }

  /** The state root after the last block. */
  stateRoot(): Uint8Array {
    const root = this.currentLedger.stateRoot();
    this.lastRoot = { number: this.currentLedger.number, root };
    this.doubt.computed(this.currentLedger.number, root);
    return root;
  }

  /** What this executor says of itself. */
  describe(): ExecutorStatus {
    const { chainId, role, version } = this.options;
    const { number, hash, laneSequences } = this.currentCursor;
    const state = this.state();
    return {
      chainId,
      role,
      key: bytesToHex((this.keyInForce ?? this.modules.keys.signers[0]).address),
      number,
      hash: bytesToHex(hash),
      laneSequences: { own: String(laneSequences.own), shared: String(laneSequences.shared) },
      stateRoot: this.lastRoot && bytesToHex(this.lastRoot.root),
      rootNumber: this.lastRoot && this.lastRoot.number,
      clock: this.clock.toJSON(),
      lag: this.lag(),
      version,
      startedAtMs: this.startedAtMs,
      state,
      ...(this.haltedBy ? { halted: this.haltedBy } : {}),
      ...(state === 'unlisted' ? { unlisted: describeMissing(this.modules.keys, this.currentCursor) } : {}),
    };
  }

  /** How far it is behind the blocks it has heard of. */
  lag(): { blocks: number; ms: number } {
    const { isFollowing, behindBlocks } = this.feed;
    const isBehind = !isFollowing || behindBlocks > 0 || this.haltedBy !== null;
    return { blocks: behindBlocks, ms: isBehind ? Math.max(0, Date.now() - this.currentCursor.timestamp) : 0 };
  }

  private state(): ExecutorStatus['state'] {
    if (this.haltedBy) return 'halted';
    if (this.doubt.state) return this.doubt.state;
    if (!this.feed.isFollowing) return 'replaying';
    return this.keyInForce ? 'following' : 'unlisted';
  }

  /** The key that signs for the next block; null where the registry lists none of ours. */
  private get keyInForce(): DigestSigner | null {
    return this.modules.keys.inForce(this.currentCursor.registry);
  }

  /** Stops telling others; the store is the caller's to close. */
  async stop(): Promise<void> {
    this.status?.stop();
    this.voteSender?.stop();
    await this.senderCheck?.close();
  }

  /** After a failure the ledger may stand in the middle of a block: the store has it as it was before. */
  private async reloadLedger(store: ExecutorStore): Promise<void> {
    this.currentLedger = (await openLedger(store, this.genesis, this.options.chainId)).ledger;
  }

  private async applyAndStore(block: VerifiedBlock): Promise<void> {
    await failpoint('block-arrived');
    if (block.entries.some(({ kind }) => kind === EntryKind.DECISION)) await failpoint('decision-arrived');
    const started = performance.now();
    const isVoting = this.options.role === 'voting';
    const rootBefore = isVoting && this.votes.needsRootBefore(block) ? this.stateRoot() : null;
    const result = this.currentLedger.applyBlock(block);
    const changed = isVoting ? this.votes.apply(block, result, rootBefore) : NO_VOTES;
    const operations = this.operations.apply(block, result, changed.signed);
    const receipts = receiptsOf(block, result);
    const changes = this.currentLedger.takeChanges();
    const applied = performance.now();
    await failpoint('store-unwritten');
    await this.modules.store.write({
      cursor: block.cursor,
      meta: this.currentLedger.meta(),
      changes,
      receipts,
      votes: changed.votes,
      settledVotes: changed.settled,
      operations,
    });
    await failpoint('store-written');
    if (changed.votes.length > 0) await failpoint('vote-unsent');
    this.currentCursor = block.cursor;
    if (this.rewind && block.header.number >= this.rewind.number) await this.endRewind();
    this.clock.update(changes);
    this.count(block, result, applied - started, performance.now() - applied);
    this.tell(block, result, receipts, changed);
    if (changed.votes.length > 0) await failpoint('vote-sent');
  }

  private async endRewind(): Promise<void> {
    this.rewind = null;
    await this.modules.store.endRewind();
  }

  private holdVotes(): void {
    this.voteSender?.setHeld(this.doubt.state !== null);
    this.status?.publish();
  }

  /** Tells others of a block that is stored. */
  private tell(
    block: VerifiedBlock,
    result: BlockResult,
    receipts: StoredReceipt[],
    { votes, settled }: VoteChanges,
  ): void {
    for (const operationId of settled) this.voteSender?.decided(operationId);
    if (this.voteSender && this.doubt.applied(block)) this.holdVotes();
    const isLive = this.feed.isFollowing;
    // While blocks come by replay most of these are decided already; what is not goes out with the next round.
    for (const vote of votes) this.voteSender?.add(vote, isLive);
    const { number } = block.header;
    const signer = this.modules.keys.inForce(block.registry);
    const applied = { number, hash: block.hash, changed: result.changed, signer, isLive };
    if (this.roots.applied(applied, () => this.stateRoot())) this.modules.metrics.stateRoots.inc();
    if (isLive) this.tellOfKey();
    this.receipts.stored(receipts);
    this.heights.reached(number);
  }

  /** Says so where the key in force has become another one, or is none of ours; before it follows that means nothing. */
  private tellOfKey(): void {
    const { keys, logger } = this.modules;
    const { number, registry } = this.currentCursor;
    const { keyInForce } = this;
    if (keyInForce === this.toldKey) return;
    this.toldKey = keyInForce;
    if (keyInForce) logger.info({ key: bytesToHex(keyInForce.address), from: number + 1 }, 'signs with this key');
    else logger.error({ err: keys.missing(registry) }, 'signs nothing: the registry lists no key of this executor');
    this.status?.publish();
  }

  private count({ entries }: VerifiedBlock, { receipts, votes }: BlockResult, applyMs: number, storeMs: number): void {
    const { metrics } = this.modules;
    metrics.blocks.inc();
    metrics.entries.inc(entries.length);
    metrics.apply.observe(applyMs / 1000);
    metrics.store.observe(storeMs / 1000);
    const succeeded = receipts.filter(({ status }) => status === 'success').length;
    if (succeeded > 0) metrics.transactions.inc({ status: 'success' }, succeeded);
    if (succeeded < receipts.length) metrics.transactions.inc({ status: 'reverted' }, receipts.length - succeeded);
    if (this.options.role !== 'voting') return;
    for (const { yes, reason } of votes) metrics.votes.inc({ vote: yes ? 'yes' : 'no', reason: Reason[reason] });
  }
}

function describeMissing(keys: KeyRing, { registry }: Cursor): { code: string; message: string } {
  const { code, message } = keys.missing(registry);
  return { code, message };
}

function assertSameBlock(expected: Uint8Array, { header: { number }, hash }: VerifiedBlock): void {
  if (equalBytes(expected, hash)) return;
  throw new ExecutorError(
    { code: 'REWIND_MISMATCH', number, expected: bytesToHex(expected), got: bytesToHex(hash) },
    `Block ${number} is ${bytesToHex(hash)}; before the rewind to it, it was ${bytesToHex(expected)}.`,
    'The log was changed once more; rewind to the newest block in common.',
  );
}
