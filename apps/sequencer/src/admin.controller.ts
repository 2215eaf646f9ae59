import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { bytesToHex, hexToBytes } from '#libs/protocol';
import { Sequencer } from './engine/sequencer.js';
import { SubmissionError, toSubmissionError } from './engine/submission-error.js';

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
}

async function answer(command: () => Promise<Record<string, unknown>>): Promise<CommandResult> {
  try {
    return await command();
  } catch (thrown) {
    const { code, message } = toSubmissionError(thrown);
    return { error: { code, message } };
  }
}
