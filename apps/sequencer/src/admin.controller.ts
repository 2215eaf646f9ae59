import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { type AdminCommandName, bytesToHex, hexToBytes } from '#libs/protocol';
import type { CheckedCommand } from './engine/admin-desk.js';
import { Sequencer } from './engine/sequencer.js';
import { SubmissionError, toSubmissionError } from './engine/submission-error.js';

const SignedCommand = z.strictObject({ signedCommand: z.string().regex(/^0x([0-9a-fA-F]{2})+$/) });
const SignedChange = z.strictObject({ signedChange: z.string().regex(/^0x([0-9a-fA-F]{2})+$/) });

/** What a command answers: its result, or why it was refused. */
type CommandResult = Record<string, unknown> | { error: { code: string; message: string } };

/** Commands to the leader, in JSON over Nest's NATS transporter. */
@Controller()
export class AdminController {
  constructor(@Inject(Sequencer) private readonly sequencer: Sequencer) {}

  /** A change of the registry, signed by the registry key: `{signedChange: hex of SSZ SignedRegistryChange}`. */
  @MessagePattern<string>('admin.registry.change')
  async changeRegistry(@Payload() data: unknown): Promise<CommandResult> {
    return answer(async () => {
      const request = SignedChange.safeParse(data);
      if (!request.success) throw SubmissionError.of('INVALID_PARAMS', 'signedChange must be SSZ bytes as 0x hex');
      const { block, sequence } = await this.sequencer.entries.submitRegistryChange(
        hexToBytes(request.data.signedChange),
      );
      return { block, sequence: sequence.toString() };
    });
  }

  /** Aborts an undecided operation: `{signedCommand: hex of SSZ SignedAdminCommand}`. */
  @MessagePattern<string>('admin.operation.abort')
  async abortOperation(@Payload() data: unknown): Promise<CommandResult> {
    return answer(async () => {
      const { argument, actor } = this.check(data, 'operation.abort');
      const { block, sequence } = await this.sequencer.abortOperation(argument, actor);
      return { block, sequence: sequence.toString() };
    });
  }

  /** Ends this leader's term, so that a stand-by takes over. */
  @MessagePattern<string>('admin.leader.transfer')
  async transferLeadership(@Payload() data: unknown): Promise<CommandResult> {
    return answer(() => {
      this.check(data, 'leader.transfer');
      const { epoch } = this.sequencer;
      this.sequencer.transferLeadership();
      return Promise.resolve({ endedEpoch: epoch });
    });
  }

  /** Where this sequencer stands. */
  @MessagePattern<string>('admin.status')
  async sequencerStatus(): Promise<CommandResult> {
    return answer(() => {
      const { number, hash, timestampMs, nextSequence } = this.sequencer.tip();
      return Promise.resolve({
        isLeading: this.sequencer.isLeading,
        epoch: this.sequencer.epoch,
        head: { number, hash: bytesToHex(hash), timestampMs, entries: (nextSequence - 1n).toString() },
        undecided: this.sequencer.undecidedCount(),
        executors: this.sequencer.executors.statuses(),
      });
    });
  }

  private check(data: unknown, name: AdminCommandName): CheckedCommand {
    return this.sequencer.commands.check(signedCommandBytes(data), name, Date.now());
  }
}

/** The bytes of a signed command in a request. @throws SubmissionError */
export function signedCommandBytes(data: unknown): Uint8Array {
  const request = SignedCommand.safeParse(data);
  if (!request.success) throw SubmissionError.of('INVALID_PARAMS', 'signedCommand must be SSZ bytes as 0x hex');
  return hexToBytes(request.data.signedCommand);
}

async function answer(command: () => Promise<Record<string, unknown>>): Promise<CommandResult> {
  try {
    return await command();
  } catch (thrown) {
    const { code, message } = toSubmissionError(thrown);
    return { error: { code, message } };
  }
}
