import { type Msg, type NatsConnection } from '@nats-io/transport-node';
import { plainBytes } from './plain-bytes.js';

/** Gets each message's bytes and its subject; what it throws goes to `onError`. */
export type BytesHandler = (bytes: Uint8Array, subject: string, message: Msg) => void | Promise<void>;

export interface SubscribeBytesOptions {
  /** Subscribers that name the same group share the messages. */
  queue?: string;
  /** Gets what a handler threw, and a refusal by the server. */
  onError?: (error: Error) => void;
}

/** A subscription that can be ended. */
export interface ByteSubscription {
  unsubscribe(): void;
}

/**
 * Subscribes to a subject. Messages are handed over as they come, without waiting for a handler's promise; a handler's
 * error never ends the subscription.
 *
 * @param subject may hold wildcards
 */
export function subscribeBytes(
  connection: NatsConnection,
  subject: string,
  handler: BytesHandler,
  { queue, onError = () => undefined }: SubscribeBytesOptions = {},
): ByteSubscription {
  return connection.subscribe(subject, {
    ...(queue === undefined ? {} : { queue }),
    callback: (error, message) => {
      if (error) return onError(error);
      try {
        const pending = handler(plainBytes(message.data), message.subject, message);
        if (pending) pending.catch((reason: unknown) => onError(toError(reason)));
      } catch (reason) {
        onError(toError(reason));
      }
    },
  });
}

const toError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));
