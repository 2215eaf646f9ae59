import { type Msg, type NatsConnection } from '@nats-io/transport-node';
import { answerReplay, type SliceSource } from './answer-replay.js';
import { MessagingError } from './errors.js';
import { respondError } from './service-error.js';
import { subjectChainId } from './subject-chain-id.js';
import { type ByteSubscription, subscribeBytes } from './subscribe-bytes.js';

export interface ReplayServerOptions {
  /** Requests answered at a time. Default 4. */
  concurrencyMax?: number;
  /** Requests that may wait; one beyond is refused with 503. Default 256. */
  waitingMax?: number;
  /** Servers that name the same group share the requests. */
  queue?: string;
  onError?: (error: Error) => void;
}

/** Answers `feed.replay.<chainId>` from a {@link SliceSource}, a bounded number at a time, in the order they came. */
export class ReplayServer {
  private readonly subscription: ByteSubscription;
  private readonly waiting: { bytes: Uint8Array; message: Msg }[] = [];
  private active = 0;

  constructor(
    connection: NatsConnection,
    private readonly source: SliceSource,
    private readonly options: ReplayServerOptions = {},
  ) {
    this.subscription = subscribeBytes(
      connection,
      'feed.replay.*',
      (bytes, _subject, message) => {
        if (this.waiting.length >= (options.waitingMax ?? 256)) {
          return respondError(message, 503, 'Too many requests for replay are waiting; ask again.');
        }
        this.waiting.push({ bytes, message });
        this.startNext();
      },
      {
        ...(options.queue === undefined ? {} : { queue: options.queue }),
        ...(options.onError === undefined ? {} : { onError: options.onError }),
      },
    );
  }

  /** Takes no more requests; those that wait are still answered. */
  stop(): void {
    this.subscription.unsubscribe();
  }

  private startNext(): void {
    while (this.active < (this.options.concurrencyMax ?? 4)) {
      const next = this.waiting.shift();
      if (!next) return;
      this.active++;
      void this.answer(next.bytes, next.message).finally(() => {
        this.active--;
        this.startNext();
      });
    }
  }

  private async answer(bytes: Uint8Array, message: Msg): Promise<void> {
    try {
      message.respond(await answerReplay(this.source, subjectChainId(message.subject), bytes));
    } catch (error) {
      const isCallersFault = error instanceof RangeError || error instanceof MessagingError;
      if (!isCallersFault) this.options.onError?.(error as Error);
      respondError(message, isCallersFault ? 400 : 500, (error as Error).message);
    }
  }
}
