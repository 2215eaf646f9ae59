import {
  connectNats,
  FeedPublisher,
  IngressServer,
  type NatsConnection,
  type OutgoingSlice,
  PriceServer,
  ReplayServer,
  subscribeBytes,
} from '#libs/messaging';
import { bytesToHex, SignedVote, voteRequestSubject } from '#libs/protocol';
import type { Logger } from '#libs/runtime';
import { toSubmissionError } from './engine/submission-error.js';
import type { Sequencer, SequencerOutlets } from './engine/sequencer.js';

/**
 * The sequencer's ordered and binary traffic on NATS: the feed and its replay, ingress, votes, state roots, prices.
 * Nothing here is waited for: while NATS is away, HTTP ingress still orders and followers replay later.
 */
export class NatsGateway implements SequencerOutlets {
  private connection: NatsConnection | null = null;
  private feed: FeedPublisher | null = null;
  private readonly servers: { stop(): void }[] = [];
  private readonly closing = new AbortController();

  constructor(
    private readonly url: string,
    private readonly sequencer: Sequencer,
    private readonly logger: Logger,
  ) {}

  get isConnected(): boolean {
    return this.connection !== null;
  }

  /** Connects, trying for as long as it takes, and serves from then on. */
  async start(): Promise<void> {
    const connection = await connectNats({
      servers: this.url,
      name: 'lockstep sequencer',
      signal: this.closing.signal,
      onStatus: (status) => this.logger.info({ status }, 'nats'),
    });
    this.connection = connection;
    this.feed = new FeedPublisher(connection);
    const { sequencer } = this;
    const onError = (err: Error): void => this.logger.debug({ err }, 'a message was refused');
    const subscribe = (subject: string, handler: (bytes: Uint8Array) => void): void => {
      const subscription = subscribeBytes(connection, subject, handler, { onError });
      this.servers.push({ stop: () => subscription.unsubscribe() });
    };
    this.servers.push(
      new ReplayServer(connection, sequencer),
      new IngressServer(connection, {
        submit: async (chainId, raws) => {
          const results = await sequencer.transactions.submit(chainId, raws);
          return results.map((result) => {
            if ('hash' in result) return { hash: bytesToHex(result.hash) };
            return { code: result.error.type.rpcCode, message: result.error.message };
          });
        },
      }),
      new PriceServer(connection, async (bytes) => {
        try {
          const { block, sequence } = await sequencer.entries.submitPrice(bytes);
          return { block, sequence: sequence.toString() };
        } catch (thrown) {
          const error = toSubmissionError(thrown);
          return { code: error.code, message: error.message };
        }
      }),
    );
    subscribe('vote.*', (bytes) => sequencer.receiveVote(SignedVote.deserialize(bytes)));
    subscribe('root.*', (bytes) => sequencer.receiveRoot(bytes));
  }

  publish(slices: OutgoingSlice[]): void {
    this.feed?.publish(slices);
  }

  requestVotes(chainIds: readonly number[]): void {
    for (const chainId of chainIds) this.connection?.publish(voteRequestSubject(chainId));
  }

  async stop(): Promise<void> {
    this.closing.abort();
    for (const server of this.servers) server.stop();
    await this.connection?.close();
  }
}
