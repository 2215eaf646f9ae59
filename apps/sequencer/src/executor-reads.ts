import { ClientNats } from '@nestjs/microservices';
import { firstValueFrom, timeout, TimeoutError } from 'rxjs';
import { readSubject } from '#libs/protocol';
import { SubmissionError } from './engine/submission-error.js';

const TIMEOUT_MS = 2_000;

interface ReadAnswer {
  result?: unknown;
  error?: { code: number | string; message: string; data?: unknown };
}

/** Reads a rollup's state from its executor, by Nest's NATS transporter. */
export class ExecutorReads {
  private readonly client: ClientNats;

  constructor(natsUrl: string) {
    this.client = new ClientNats({ servers: natsUrl.split(','), maxReconnectAttempts: -1, waitOnFirstConnect: true });
  }

  /** @throws SubmissionError `EXECUTOR_UNAVAILABLE` when none answers in time, or what the executor answered */
  async read(chainId: number, method: string, params: unknown, timeoutMs = TIMEOUT_MS): Promise<unknown> {
    const answer = await firstValueFrom(
      this.client.send<ReadAnswer>(readSubject(chainId), { method, params }).pipe(timeout(timeoutMs)),
    ).catch((thrown: unknown) => {
      const why = thrown instanceof TimeoutError ? `did not answer within ${timeoutMs} ms` : 'cannot be reached';
      throw SubmissionError.of('EXECUTOR_UNAVAILABLE', `the executor of rollup ${chainId} ${why}`);
    });
    if (answer.error) {
      const { code, message } = answer.error;
      throw SubmissionError.of(String(code), message, typeof code === 'number' ? { rpcCode: code } : {});
    }
    return answer.result;
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
