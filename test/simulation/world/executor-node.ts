import { type Cursor, deserializeCursor, genesisCursor, type PendingVote, serializeCursor } from '#libs/executor-sdk';
import { Ledger } from '#libs/options';
import { bytesToHex } from '#libs/protocol';
import { VoteBook } from '../../../apps/executor/src/engine/vote-book.js';
import type { CrashMoment } from '../plan/plan.js';
import { Owner } from '../support/scheduler.js';
import { ExecutorStore } from './executor-store.js';
import { type FeedMessage, follow, type FollowedBlock } from './feed.js';
import type { World } from './world.js';

/** How often votes are sent again and silence is noticed, ms. */
const TICK_MS = 250;
/** With no block for so long replay is asked, ms: heartbeats come every second. */
const SILENCE_MS = 700;
/** Blocks that are kept while one before them is missing. */
const BUFFER_MAX = 64;

/** The machine that a rollup's executor runs on, with the store that outlives its processes. */
export class ExecutorNode {
  process: ExecutorProcess | null = null;
  store = new ExecutorStore();
  /** Its store is gone: the next process starts from genesis. */
  loseStore(): void {
    this.store = new ExecutorStore();
  }

  /** At which moment of its next block the process dies, and what happens then. */
  dying: { moment: CrashMoment; die: () => void } | null = null;

  constructor(
    readonly world: World,
    readonly chainId: number,
  ) {}

  start(): void {
    this.process ??= new ExecutorProcess(this);
  }

  kill(): void {
    if (this.process) this.process.owner.alive = false;
    this.process = null;
    this.dying = null;
  }
}

/** A rollup's executor: production's ledger and vote book, fed block by block, each stored in one write before it is told. */
export class ExecutorProcess {
  readonly owner = new Owner(false);
  ledger: Ledger;
  cursor: Cursor;
  private readonly votes: VoteBook;
  /** Votes that are sent until their operation is settled. */
  private readonly pending = new Map<string, PendingVote>();
  private readonly early = new Map<number, FeedMessage>();
  private heardAtMs: number;
  private askedAtMs = -Infinity;

  constructor(private readonly node: ExecutorNode) {
    const { world, chainId, store } = node;
    const { genesis, keys } = world.topology;
    const { position } = store;
    if (position) {
      this.ledger = Ledger.load(genesis, chainId, world.crypto.ledger, position.meta, store.records());
      this.cursor = deserializeCursor(serializeCursor(position.cursor), this.ledger.registry);
    } else {
      this.ledger = Ledger.fromGenesis(genesis, chainId, world.crypto.ledger);
      this.cursor = genesisCursor(genesis, chainId);
    }
    this.votes = new VoteBook(world.logId, chainId, { inForce: () => keys.voting.get(chainId)! });
    this.votes.load(store.votes());
    for (const vote of store.votes()) this.pending.set(bytesToHex(vote.operationId), vote);
    this.heardAtMs = world.scheduler.nowMs;
    world.checks.executorStarted(chainId, this.ledger);
    world.scheduler.after(1, this.owner, () => this.askReplay());
    this.tickLater();
  }

  /** A block arrives: the next one is applied, an older one dropped, a later one kept until the gap is closed. */
  receive(message: FeedMessage): void {
    this.heardAtMs = this.node.world.scheduler.nowMs;
    if (message.number <= this.cursor.number) return;
    if (message.number > this.cursor.number + 1) {
      if (this.early.size < BUFFER_MAX) this.early.set(message.number, message);
      return this.askReplay();
    }
    let next: FeedMessage | undefined = message;
    while (next && this.owner.alive) {
      this.early.delete(next.number);
      this.apply(next);
      next = this.early.get(this.cursor.number + 1);
    }
  }

  sendVotes(): void {
    for (const vote of this.pending.values()) this.node.world.sendVote(this.node.chainId, vote.bytes);
  }

  private apply(message: FeedMessage): void {
    const { world, chainId, store } = this.node;
    const verify = (): FollowedBlock => follow(world.crypto, this.cursor, message);
    const block = world.parts.onBlockArrived?.(this.ledger, message, verify) ?? verify();
    const asVerified = block as unknown as Parameters<VoteBook['needsRootBefore']>[0];
    const rootBefore = this.votes.needsRootBefore(asVerified) ? this.ledger.stateRoot() : null;
    const result = this.ledger.applyBlock(block);
    const { votes, settled } = this.votes.apply(asVerified, result, rootBefore);
    const { cursor } = block;
    cursor.registry = this.ledger.registry;
    if (this.diesAt('unwritten')) return;
    if (world.keepsStore.has(chainId)) {
      const changes = this.ledger.takeChanges();
      store.write({ cursor, meta: this.ledger.meta(), changes, votes, settledVotes: settled });
    }
    this.cursor = cursor;
    world.checks.applied(chainId, block, result, this.ledger);
    if (this.diesAt('untold')) return;
    for (const operationId of settled) this.pending.delete(bytesToHex(operationId));
    for (const vote of votes) {
      this.pending.set(bytesToHex(vote.operationId), vote);
      world.sendVote(chainId, vote.bytes);
    }
  }

  private diesAt(moment: CrashMoment): boolean {
    const { dying } = this.node;
    if (dying?.moment !== moment) return false;
    dying.die();
    return true;
  }

  private askReplay(): void {
    const { world, chainId } = this.node;
    const { nowMs } = world.scheduler;
    if (nowMs - this.askedAtMs < 20) return;
    this.askedAtMs = nowMs;
    world.askReplay(chainId, this.cursor.number + 1);
  }

  private tickLater(): void {
    const { scheduler } = this.node.world;
    scheduler.after(TICK_MS, this.owner, () => {
      this.sendVotes();
      if (this.early.size > 0 || scheduler.nowMs - this.heardAtMs >= SILENCE_MS) this.askReplay();
      this.tickLater();
    });
  }
}
