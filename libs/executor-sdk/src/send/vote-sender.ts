import { ConnectionWatch, type NatsConnection, subscribeBytes } from '#libs/messaging';
import { bytesToHex, voteRequestSubject, voteSubject } from '#libs/protocol';

export interface VoteSenderOptions {
  chainId: number;
  /** How often an undecided vote is sent, in ms. Default 250. */
  resendMs?: number;
  /** Undecided votes sent at a time; those beyond wait for earlier ones. Default 4,096. */
  votesMax?: number;
}

/** A signed vote that waits for its operation's decision. */
export interface PendingVote {
  operationId: Uint8Array;
  /** Log time in ms, as in PREPARE. */
  deadlineMs: number;
  /** Serialised `SignedVote`. */
  bytes: Uint8Array;
}

const RESEND_MS = 250;
const VOTES_MAX = 4_096;

/**
 * Sends signed votes on `vote.<chainId>` again and again until their operation is decided or its deadline has passed
 * in log time, and at once when a leader asks on `vote.request.<chainId>`. The bytes of a vote never change, so
 * sending it twice is safe. A vote must be stored before it is given to this class: what was sent once binds.
 */
export class VoteSender {
  private readonly pending = new Map<string, PendingVote>();
  private readonly watch: ConnectionWatch;
  private readonly timer: NodeJS.Timeout;
  private readonly subscription: { unsubscribe(): void };
  private held = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly options: VoteSenderOptions,
  ) {
    this.watch = new ConnectionWatch(connection, () => this.sendAll());
    this.subscription = subscribeBytes(connection, voteRequestSubject(options.chainId), () => this.sendAll());
    this.timer = setInterval(() => this.sendAll(), options.resendMs ?? RESEND_MS);
  }

  /** Votes that wait for a decision. */
  get undecided(): number {
    return this.pending.size;
  }

  /**
   * Sends a vote until {@link decided} or {@link passTime} ends that.
   * @param now whether to send it at once, or with the next round
   */
  add(vote: PendingVote, now = true): void {
    this.pending.set(bytesToHex(vote.operationId), vote);
    if (now) this.publish(vote);
  }

  /** The operation's DECISION has been applied. */
  decided(operationId: Uint8Array): void {
    this.pending.delete(bytesToHex(operationId));
  }

  /** Log time has come so far: votes whose deadline lies before it count no more. */
  passTime(timestampMs: number): void {
    for (const [id, { deadlineMs }] of this.pending) if (deadlineMs < timestampMs) this.pending.delete(id);
  }

  /** Keeps every vote back, or sends all that are due again: a participant whose own state is in doubt is silent. */
  setHeld(held: boolean): void {
    const isReleased = this.held && !held;
    this.held = held;
    if (isReleased) this.sendAll();
  }

  stop(): void {
    clearInterval(this.timer);
    this.subscription.unsubscribe();
    this.pending.clear();
  }

  private sendAll(): void {
    let left = this.options.votesMax ?? VOTES_MAX;
    for (const vote of this.pending.values()) {
      if (left-- === 0) return;
      this.publish(vote);
    }
  }

  private publish({ bytes }: PendingVote): void {
    if (this.held || !this.watch.isConnected) return;
    try {
      this.connection.publish(voteSubject(this.options.chainId), bytes);
    } catch {
      // Closed meanwhile; it is sent again after the next start.
    }
  }
}
