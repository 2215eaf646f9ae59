import { type NatsConnection } from '@nats-io/transport-node';
import { PRICE_SUBJECT } from '#libs/protocol';
import { type ByteSubscription, subscribeBytes, type SubscribeBytesOptions } from './subscribe-bytes.js';

/** What became of a price: its place in the log once it is durable (decimal), or why it was refused. */
export type PriceResult = { block: number; sequence: string } | { code: number | string; message: string };

const utf8 = new TextEncoder();

/** Takes signed prices on `price`: SSZ bytes in, a {@link PriceResult} in JSON out where the sender asks for one. */
export class PriceServer {
  private readonly subscription: ByteSubscription;

  /** @param submit takes the serialised `SignedPrice`; its promise is settled once the price is durable or refused */
  constructor(
    connection: NatsConnection,
    submit: (bytes: Uint8Array) => Promise<PriceResult>,
    options: SubscribeBytesOptions = {},
  ) {
    this.subscription = subscribeBytes(
      connection,
      PRICE_SUBJECT,
      async (bytes, _subject, message) => {
        const result = await submit(bytes).catch((error: Error): PriceResult => {
          options.onError?.(error);
          return { code: -32603, message: error.message };
        });
        if (message.reply) message.respond(utf8.encode(JSON.stringify(result)));
      },
      options,
    );
  }

  stop(): void {
    this.subscription.unsubscribe();
  }
}
