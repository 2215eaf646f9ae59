import { type Msg, type NatsConnection } from '@nats-io/transport-node';
import { MessagingError } from './errors.js';
import { plainBytes } from './plain-bytes.js';
import { serviceErrorOf } from './service-error.js';

export interface RequestBytesOptions {
  /** How long to wait for the answer, in ms. */
  timeoutMs: number;
}

/**
 * Sends a request and gives the answer's bytes.
 *
 * @throws MessagingError `NO_ANSWER` when none came in time or nobody serves the subject; `SERVICE_ERROR` when the
 *   other side refused, with its sentence
 */
export async function requestBytes(
  connection: NatsConnection,
  subject: string,
  bytes: Uint8Array,
  { timeoutMs }: RequestBytesOptions,
): Promise<Uint8Array> {
  let message: Msg;
  try {
    message = await connection.request(subject, bytes, { timeout: timeoutMs });
  } catch (error) {
    throw new MessagingError(
      { code: 'NO_ANSWER', subject },
      `No answer to a request on ${subject}: ${(error as Error).message}.`,
      'Check that a sequencer runs and uses the same NATS server.',
      { cause: error },
    );
  }
  const refusal = serviceErrorOf(message);
  if (refusal) {
    throw new MessagingError({ code: 'SERVICE_ERROR', subject, status: refusal.status }, refusal.message);
  }
  return plainBytes(message.data);
}
