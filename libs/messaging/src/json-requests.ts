import { ClientNats } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, timeout, TimeoutError } from 'rxjs';
import { MessagingError } from './errors.js';
import { type NatsAccess, natsTransport } from './nats-access.js';

/** Asks for control traffic in JSON, by Nest's NATS transporter: reads of executors, commands to the sequencer. */
export class JsonRequests {
  private readonly client: ClientNats;

  /** @param access the servers alone where no login is needed. Connects with the first request. */
  constructor(access: string | NatsAccess) {
    this.client = new ClientNats(natsTransport(typeof access === 'string' ? { servers: access } : access));
  }

  /**
   * Sends a request and waits for its answer.
   * @throws MessagingError `NO_ANSWER`
   */
  async request<T = unknown>(subject: string, data: unknown, timeoutMs: number): Promise<T> {
    try {
      return await firstValueFrom(this.client.send<T>(subject, data).pipe(timeout(timeoutMs)));
    } catch (cause) {
      const why = cause instanceof TimeoutError ? `not within ${timeoutMs} ms` : String(cause);
      throw new MessagingError({ code: 'NO_ANSWER', subject }, `Nobody answered on ${subject}: ${why}.`);
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
