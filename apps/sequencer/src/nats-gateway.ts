import {
  ConnectionWatch,
  connectNats,
  FeedPublisher,
  type IngressResult,
  IngressServer,
  type NatsAccess,
  type NatsConnection,
  natsStatusLog,
  type OutgoingSlice,
  type PriceResult,
  PriceServer,
  ReplayServer,
  subscribeBytes,
} from '#libs/messaging';
import { bytesToHex, SignedVote, voteRequestSubject } from '#libs/protocol';
import type { Logger } from '#libs/runtime';
import { toSubmissionError } from './engine/submission-error.js';
import type { Sequencer } from './engine/sequencer.js';

/**
 * The sequencer's ordered and binary traffic on NATS: the feed and its replay, ingress, votes, state roots, prices.
 * Nothing here is waited for: while NATS is away, HTTP ingress still orders and followers replay later.
 */
export class NatsGateway {
  private connection: NatsConnection | null = null;
  private watch: ConnectionWatch | null = null;
  private feed: FeedPublisher | null = null;
  private servers: { stop(): void }[] = [];
  private isServing = false;
  private readonly closing = new AbortController();

  constructor(
    private readonly access: NatsAccess,
    private readonly sequencer: Sequencer,
    private readonly logger: Logger,
  ) {}

  get isConnected(): boolean {
    return this.watch?.isConnected ?? false;
  }

  /** Connects, trying until it succeeds or is stopped, and serves from then on. */
  async start(): Promise<void> {
    const connection = await connectNats({
      ...this.access,
      name: 'lockstep sequencer',
      signal: this.closing.signal,
      onStatus: natsStatusLog(this.logger),
    }).catch((thrown: unknown) => {
      if (!this.closing.signal.aborted) throw thrown;
      return null;
    });
    if (!connection) return;
    if (this.closing.signal.aborted) return connection.close();
    this.connection = connection;
    this.watch = new ConnectionWatch(connection);
    this.feed = new FeedPublisher(connection);
    if (this.isServing) this.serve();
  }

  /** Only the leader serves: two answers to one request would leave it to chance which one counts. */
  serve(): void {
    this.isServing = true;
    const { connection, sequencer } = this;
    if (!connection || this.servers.length > 0) return;
    const onError = (err: Error): void => this.logger.debug({ err }, 'a message was refused');
    const subscribe = (subject: string, handler: (bytes: Uint8Array) => void): void => {
      const subscription = subscribeBytes(connection, subject, handler, { onError });
      this.servers.push({ stop: () => subscription.unsubscribe() });
    };
    this.servers.push(
      new ReplayServer(connection, sequencer.slices),
      new IngressServer(connection, { submit: (chainId, raws) => submitRaw(sequencer, chainId, raws) }),
      new PriceServer(connection, (bytes) => submitPrice(sequencer, bytes)),
    );
    subscribe('vote.*', (bytes) => sequencer.receiveVote(SignedVote.deserialize(bytes)));
    subscribe('root.*', (bytes) => sequencer.receiveRoot(bytes));
  }

  cease(): void {
    this.isServing = false;
    for (const server of this.servers) server.stop();
    this.servers = [];
  }

  publish(slices: OutgoingSlice[]): void {
    this.feed?.publish(slices);
  }

  requestVotes(chainIds: readonly number[]): void {
    for (const chainId of chainIds) this.connection?.publish(voteRequestSubject(chainId));
  }

  async stop(): Promise<void> {
    this.closing.abort();
    this.cease();
    await this.connection?.close();
  }
}

async function submitRaw(sequencer: Sequencer, chainId: number, raws: readonly Uint8Array[]): Promise<IngressResult[]> {
  const results = await sequencer.transactions.submit(chainId, raws);
  return results.map((result) => {
    if ('hash' in result) return { hash: bytesToHex(result.hash) };
    return { code: result.error.type.rpcCode, message: result.error.message };
  });
}

async function submitPrice(sequencer: Sequencer, bytes: Uint8Array): Promise<PriceResult> {
  try {
    const { block, sequence } = await sequencer.entries.submitPrice(bytes);
    return { block, sequence: sequence.toString() };
  } catch (thrown) {
    const { code, message } = toSubmissionError(thrown, sequencer.logger);
    return { code, message };
  }
}
