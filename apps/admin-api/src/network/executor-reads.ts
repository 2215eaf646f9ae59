import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { JsonRequests, natsAccess } from '#libs/messaging';
import { readSubject } from '#libs/protocol';
import type { AdminApiSettings } from '../config.js';
import { SETTINGS } from '../core/tokens.js';

interface ReadAnswer {
  result?: unknown;
  error?: { code: number; message: string };
}

/** What a rollup's executor says, or why nobody said anything. */
export type ExecutorAnswer =
  { result: unknown; role: 'voting' | 'replica'; reason: null } | { result: undefined; role: null; reason: string };

/** Reads rollups' states: from the voting executor, or where it does not answer in time from a replica. */
@Injectable()
export class ExecutorReads implements OnModuleDestroy {
  private readonly requests: JsonRequests;

  constructor(@Inject(SETTINGS) private readonly settings: AdminApiSettings) {
    this.requests = new JsonRequests(natsAccess(settings));
  }

  async onModuleDestroy(): Promise<void> {
    await this.requests.close();
  }

  /** Asks once. Never throws: an executor that is away is a thing to tell, not to fail of. */
  async read(chainId: number, method: string, params: unknown): Promise<ExecutorAnswer> {
    const voting = await this.ask(readSubject(chainId), method, params);
    if (!('reason' in voting)) return { result: voting.result, role: 'voting', reason: null };
    const replica = await this.ask(`${readSubject(chainId)}.replica`, method, params);
    if (!('reason' in replica)) return { result: replica.result, role: 'replica', reason: null };
    return { result: undefined, role: null, reason: voting.reason };
  }

  private async ask(
    subject: string,
    method: string,
    params: unknown,
  ): Promise<{ result: unknown } | { reason: string }> {
    try {
      const timeoutMs = this.settings.LOCKSTEP_ADMIN_READ_MS;
      const answer = await this.requests.request<ReadAnswer>(subject, { method, params }, timeoutMs);
      return answer.error ? { reason: answer.error.message } : { result: answer.result };
    } catch (error) {
      return { reason: (error as Error).message };
    }
  }
}
