import { setTimeout as delay } from 'node:timers/promises';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { NATS_PAYLOAD_BYTES_MIN } from '#libs/protocol';
import { MessagingError } from './errors.js';
import { type NatsAccess, natsAccessOptions, NATS_LIVENESS, RETRY_MS } from './nats-access.js';

/** What happens to a connection, for logs and readiness. */
export type NatsStatus =
  | { type: 'connected'; server: string }
  | { type: 'waiting'; attempt: number; error: Error }
  | { type: 'disconnected'; server: string }
  | { type: 'reconnected'; server: string }
  | { type: 'error'; error: Error }
  | { type: 'closed' };

export interface NatsConnectOptions extends NatsAccess {
  /** Shown by the server's monitoring; says which process this is. */
  name: string;
  /** Whether what this connection publishes is kept from its own subscriptions. Default true. */
  noEcho?: boolean;
  /** How long to try until the first connection, in ms; without it for ever. */
  firstConnectTimeoutMs?: number;
  /** Ends the wait for the first connection. */
  signal?: AbortSignal;
  onStatus?: (status: NatsStatus) => void;
}

/**
 * Connects to NATS, and from then on reconnects for ever by itself. Messages published while there is no connection
 * are lost: NATS holds nothing that cannot be.
 *
 * @throws MessagingError `NATS_PAYLOAD_TOO_SMALL` where the server takes less than 1 MiB as one message;
 *   `NATS_UNREACHABLE` when `firstConnectTimeoutMs` has passed or `signal` was raised
 */
export async function connectNats(options: NatsConnectOptions): Promise<NatsConnection> {
  const connection = await connectFirst(options);
  try {
    assertPayload(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
  options.onStatus?.({ type: 'connected', server: connection.getServer() });
  void reportStatus(connection, options.onStatus);
  return connection;
}

async function connectFirst(options: NatsConnectOptions): Promise<NatsConnection> {
  const access = natsAccessOptions(options);
  const { firstConnectTimeoutMs = Infinity, signal, onStatus } = options;
  const end = performance.now() + firstConnectTimeoutMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect({
        ...access,
        name: options.name,
        noEcho: options.noEcho ?? true,
        maxReconnectAttempts: -1,
        ignoreAuthErrorAbort: true,
        reconnectJitter: RETRY_MS,
        ...NATS_LIVENESS,
      });
    } catch (error) {
      onStatus?.({ type: 'waiting', attempt, error: error as Error });
      if (signal?.aborted || performance.now() + RETRY_MS >= end) throw unreachable(access.servers, error as Error);
    }
    await delay(RETRY_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}

function assertPayload(connection: NatsConnection): void {
  const payloadMax = connection.info?.max_payload ?? 0;
  if (payloadMax >= NATS_PAYLOAD_BYTES_MIN) return;
  throw new MessagingError(
    { code: 'NATS_PAYLOAD_TOO_SMALL', payloadMax, payloadMin: NATS_PAYLOAD_BYTES_MIN },
    `The NATS server ${connection.getServer()} takes messages of at most ${payloadMax} bytes; a slice needs up to ${NATS_PAYLOAD_BYTES_MIN}.`,
    'Set max_payload: 1MB or more in its configuration.',
  );
}

async function reportStatus(connection: NatsConnection, onStatus: NatsConnectOptions['onStatus']): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') onStatus?.({ type: 'disconnected', server: status.server });
    else if (status.type === 'reconnect') {
      onStatus?.({ type: 'reconnected', server: status.server });
      try {
        assertPayload(connection);
      } catch (error) {
        onStatus?.({ type: 'error', error: error as Error });
      }
    } else if (status.type === 'error') onStatus?.({ type: 'error', error: status.error });
  }
  onStatus?.({ type: 'closed' });
}

function unreachable(servers: string[], cause: Error): MessagingError {
  return new MessagingError(
    { code: 'NATS_UNREACHABLE', servers },
    `No connection to NATS at ${servers.join(', ')}: ${cause.message}.`,
    'Start the server, or set NATS_URL to one that runs, and NATS_NKEY_SEED where it asks for a login.',
    { cause },
  );
}

/** What {@link natsStatusLog} writes to. */
export interface StatusLog {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
}

/** Logs what happens to a connection. That it is waited for is said once for each reason, not at every try. */
export function natsStatusLog(log: StatusLog): (status: NatsStatus) => void {
  let said = '';
  return (status) => {
    if (status.type !== 'waiting') {
      said = '';
      return log.info({ status }, 'nats');
    }
    const reason = status.error.message;
    if (reason !== said) log.warn({ reason }, 'NATS is not there yet; waiting for it');
    said = reason;
  };
}
