import { type AdminCommandName, adminSubject, bytesToHex, LockstepError } from '#libs/protocol';
import type { JsonRequests } from '../json-requests.js';

const TIMEOUT_MS = 10_000;

/** Where a command came to stand. */
export interface CommandPlaceJson {
  block: number;
  /** Of the entry that it made; null for one that made none. */
  sequence: string | null;
  /** Of its row in the audit log. */
  auditId: string;
}

/** The leader refused a command; it changed nothing. */
export class CommandRefusedError extends LockstepError {}

/** Sends signed commands to the leader. */
export class CommandSender {
  /** @param requestedBy who asks, for the audit log: up to 512 printable ASCII characters */
  constructor(
    private readonly requests: JsonRequests,
    private readonly requestedBy?: string,
  ) {}

  /**
   * Sends a signed change of the registry; it is durable once this resolves, and in force in the next block.
   * @throws CommandRefusedError; MessagingError `NOBODY_SERVES`; `NO_ANSWER`: the outcome is unknown
   */
  changeRegistry(signedChange: Uint8Array): Promise<CommandPlaceJson> {
    return this.ask('registry.change', { signedChange: bytesToHex(signedChange) });
  }

  /** Sends a signed command. @throws CommandRefusedError; MessagingError `NOBODY_SERVES`; `NO_ANSWER`: the outcome is unknown */
  command<T extends CommandPlaceJson>(name: AdminCommandName, signedCommand: Uint8Array): Promise<T> {
    return this.ask(name, { signedCommand: bytesToHex(signedCommand) });
  }

  /** Sends a command to every node; nobody answers. */
  async announce(name: AdminCommandName, signedCommand: Uint8Array): Promise<void> {
    await this.requests.emit(adminSubject(name), { signedCommand: bytesToHex(signedCommand) });
  }

  private async ask<T>(command: string, data: Record<string, string>): Promise<T> {
    const actor = this.requestedBy === undefined ? {} : { actor: this.requestedBy };
    const subject = adminSubject(command);
    type Answer = T | { error: { code: string; message: string } };
    const answer = await this.requests.requestLeader<Answer>(subject, { ...data, ...actor }, TIMEOUT_MS);
    if (typeof answer === 'object' && answer !== null && 'error' in answer) {
      const { code, message } = answer.error;
      throw new CommandRefusedError({ code }, message);
    }
    return answer;
  }
}
