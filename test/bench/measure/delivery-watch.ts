import { followFeed, type Follower, type VerifiedBlock } from '#libs/executor-sdk';
import { connectNats, type NatsConnection } from '#libs/messaging';
import { Decision, entryBody, EntryKind } from '#libs/protocol';
import { waitFor } from '#libs/testkit';

type Delivered = (atMs: number, decision: Decision | null) => void;

const DELIVERY_MS_MAX = 60_000;

/** Follows one rollup's feed as any subscriber does, verifying every slice, and tells when what is awaited was delivered. */
export class DeliveryWatch {
  private readonly awaited = new Map<string, Delivered>();
  private failure: Error | null = null;

  private constructor(
    private readonly connection: NatsConnection,
    private readonly follower: Follower,
  ) {}

  /** Starts at genesis; ends when it has caught up. */
  static async start(natsUrl: string, rpcUrl: string, logId: Uint8Array, chainId: number): Promise<DeliveryWatch> {
    const nats = await connectNats({ servers: natsUrl, name: 'bench follower' });
    const watch = new DeliveryWatch(nats, followFeed({ nats, chainId, logId, rpcUrl }));
    watch.run().catch((error: Error) => (watch.failure = error));
    await watch.until('the follower has caught up', () => watch.follower.isFollowing);
    return watch;
  }

  /**
   * Calls back once, when it has been delivered.
   * @param id a transaction's hash or an operation's id, whose decision is meant
   */
  when(id: Uint8Array, delivered: Delivered): void {
    this.awaited.set(keyOf(id), delivered);
  }

  /** When it was delivered, ms of the monotonic clock, and the decision if it is one. To be called before submitting. */
  next(id: Uint8Array): Promise<{ atMs: number; decision: Decision | null }> {
    return new Promise((resolve) => this.when(id, (atMs, decision) => resolve({ atMs, decision })));
  }

  /** Waits for what follows from deliveries. @throws Error when it was not so in time, or the feed broke a rule */
  async until(what: string, condition: () => boolean): Promise<void> {
    await waitFor(what, () => condition() || this.failure !== null, DELIVERY_MS_MAX);
    if (this.failure) throw this.failure;
  }

  async stop(): Promise<void> {
    this.follower.close();
    await this.connection.close();
    if (this.failure) throw this.failure;
  }

  private async run(): Promise<void> {
    for await (const block of this.follower) this.read(block);
  }

  private read({ entries }: VerifiedBlock): void {
    const atMs = performance.now();
    for (const { kind, id, bytes } of entries) {
      if (kind === EntryKind.TRANSACTION) this.tell(id, atMs, null);
      else if (kind === EntryKind.DECISION) {
        const decision = Decision.deserialize(entryBody(bytes));
        this.tell(decision.operationId, atMs, decision);
      }
    }
  }

  private tell(id: Uint8Array, atMs: number, decision: Decision | null): void {
    const key = keyOf(id);
    const delivered = this.awaited.get(key);
    if (!delivered) return;
    this.awaited.delete(key);
    delivered(atMs, decision);
  }
}

const keyOf = (id: Uint8Array): string => Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1');
