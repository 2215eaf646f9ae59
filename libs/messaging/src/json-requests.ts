import { setTimeout as delay } from 'node:timers/promises';
import { ClientNats } from '@nestjs/microservices';
import { EmptyResponseException } from '@nestjs/microservices/errors/empty-response.exception.js';
import { firstValueFrom, lastValueFrom, timeout, TimeoutError } from 'rxjs';
import { MessagingError } from './errors.js';
import { type NatsAccess, natsTransport } from './nats-access.js';

/** A new leader serves within so long after the former one ended (I28). */
const TAKEOVER_MS_MAX = 5_000;
const UNSERVED_PAUSE_MS = 100;

/** Asks for control traffic in JSON, by Nest's NATS transporter: reads of executors, commands to the sequencer. */
export class JsonRequests {
  private readonly client: ClientNats;

  /** @param access the servers alone where no login is needed. Connects with the first request. */
  constructor(access: string | NatsAccess) {
    this.client = new ClientNats(natsTransport(typeof access === 'string' ? { servers: access } : access));
  }

  /**
   * Sends a request and waits for its answer.
   * @throws MessagingError `NOBODY_SERVES`: it reached nobody; `NO_ANSWER`: it may have
   */
  async request<T = unknown>(subject: string, data: unknown, timeoutMs: number): Promise<T> {
    try {
      return await firstValueFrom(this.client.send<T>(subject, data).pipe(timeout(timeoutMs)));
    } catch (cause) {
      if (cause instanceof EmptyResponseException)
        throw new MessagingError({ code: 'NOBODY_SERVES', subject }, `Nobody serves ${subject} at the moment.`);
      const why = cause instanceof TimeoutError ? `not within ${timeoutMs} ms` : String(cause);
      throw new MessagingError({ code: 'NO_ANSWER', subject }, `Nobody answered on ${subject}: ${why}.`);
    }
  }

  /**
   * Sends a request to the leader. Between two leaders nobody serves it for a moment: then it is sent again, which can
   * have no second effect as nobody has had it.
   * @throws MessagingError `NOBODY_SERVES` when nobody leads for longer than a takeover lasts; `NO_ANSWER`
   */
  async requestLeader<T = unknown>(subject: string, data: unknown, timeoutMs: number): Promise<T> {
    const giveUpAtMs = performance.now() + TAKEOVER_MS_MAX;
    for (;;) {
      try {
        return await this.request<T>(subject, data, timeoutMs);
      } catch (thrown) {
        const isUnserved = thrown instanceof MessagingError && thrown.code === 'NOBODY_SERVES';
        if (!isUnserved || performance.now() >= giveUpAtMs) throw thrown;
        await delay(UNSERVED_PAUSE_MS);
      }
    }
  }

  /** Sends an event: nobody answers. Resolves once it is handed to NATS. */
  async emit(subject: string, data: unknown): Promise<void> {
    await lastValueFrom(this.client.emit(subject, data), { defaultValue: undefined });
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
