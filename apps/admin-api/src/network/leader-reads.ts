import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { JsonRequests, natsAccess } from '#libs/messaging';
import { adminSubject } from '#libs/protocol';
import type { AdminApiSettings } from '../config.js';
import { SETTINGS } from '../core/tokens.js';

/** Asks the leader over NATS for what only its memory has. */
@Injectable()
export class LeaderReads implements OnModuleDestroy {
  private readonly requests: JsonRequests;

  constructor(@Inject(SETTINGS) private readonly settings: AdminApiSettings) {
    this.requests = new JsonRequests(natsAccess(settings));
  }

  async onModuleDestroy(): Promise<void> {
    await this.requests.close();
  }

  /** @returns its answer, or why there is none. Never throws */
  async ask(command: string, data: Record<string, unknown>): Promise<{ answer: unknown } | { reason: string }> {
    try {
      const subject = adminSubject(command);
      return { answer: await this.requests.request(subject, data, this.settings.LOCKSTEP_ADMIN_READ_MS) };
    } catch (error) {
      return { reason: (error as Error).message };
    }
  }
}
