import { type Msg, type NatsConnection } from '@nats-io/transport-node';
import { MessagingError } from './errors.js';
import { decodeIngress } from './ingress-frame.js';
import { respondError } from './service-error.js';
import { type ByteSubscription, subscribeBytes } from './subscribe-bytes.js';
import { subjectChainId } from './subject-chain-id.js';

/** What became of one transaction: its hash once it is durable, or why it was refused. */
export type IngressResult = { hash: string } | { code: number; message: string };

export interface IngressOptions {
  /** Takes raw transactions for a rollup; gives one result for each, in order. The arrays are views of the message. */
  submit: (chainId: number, raws: Uint8Array[]) => Promise<IngressResult[]>;
  /** Transactions that may be open at a time; a message beyond is refused. Default 65,536. */
  openTransactionsMax?: number;
  /** Bytes of the messages that may be open at a time. Default 64 MiB. */
  openBytesMax?: number;
  /** Servers that name the same group share the requests. */
  queue?: string;
  onError?: (error: Error) => void;
}

const MESSAGE_LENGTH_MAX = 160;
const utf8 = new TextEncoder();

/** Answers `ingress.<chainId>`: framed raw transactions in, a JSON array of {@link IngressResult} out. */
export class IngressServer {
  private readonly subscription: ByteSubscription;
  private openTransactions = 0;
  private openBytes = 0;

  constructor(
    connection: NatsConnection,
    private readonly options: IngressOptions,
  ) {
    this.subscription = subscribeBytes(
      connection,
      'ingress.*',
      (bytes, subject, message) => this.serve(bytes, subject, message),
      {
        ...(options.queue === undefined ? {} : { queue: options.queue }),
        ...(options.onError === undefined ? {} : { onError: options.onError }),
      },
    );
  }

  /** Takes no more requests; those that are open are still answered. */
  stop(): void {
    this.subscription.unsubscribe();
  }

  private async serve(bytes: Uint8Array, subject: string, message: Msg): Promise<void> {
    let raws: Uint8Array[];
    let chainId: number;
    try {
      chainId = subjectChainId(subject);
      raws = decodeIngress(bytes);
      this.assertRoom(raws.length, bytes.length);
    } catch (error) {
      respondError(
        message,
        error instanceof MessagingError && error.code === 'TOO_BUSY' ? 503 : 400,
        (error as Error).message,
      );
      return;
    }
    this.openTransactions += raws.length;
    this.openBytes += bytes.length;
    try {
      const results = await this.options.submit(chainId, raws);
      message.respond(utf8.encode(JSON.stringify(results.map(shorten))));
    } catch (error) {
      respondError(message, 500, (error as Error).message);
      this.options.onError?.(error as Error);
    } finally {
      this.openTransactions -= raws.length;
      this.openBytes -= bytes.length;
    }
  }

  private assertRoom(transactions: number, bytes: number): void {
    const { openTransactionsMax = 65_536, openBytesMax = 64 * 1024 * 1024 } = this.options;
    const isFull = this.openTransactions + transactions > openTransactionsMax || this.openBytes + bytes > openBytesMax;
    if (!isFull) return;
    throw new MessagingError(
      { code: 'TOO_BUSY', limit: openTransactionsMax },
      `Too many transactions are open: ${this.openTransactions} of ${openTransactionsMax}.`,
      'Wait for answers before sending more.',
    );
  }
}

/** The answer to 4,096 transactions has to fit in one message. */
function shorten(result: IngressResult): IngressResult {
  if (!('message' in result) || result.message.length <= MESSAGE_LENGTH_MAX) return result;
  return { code: result.code, message: `${result.message.slice(0, MESSAGE_LENGTH_MAX - 1)}…` };
}
