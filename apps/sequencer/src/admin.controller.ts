import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, type NatsContext, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { bytesToHex, hexToBytes } from '#libs/protocol';
import type { ExecutorStatus } from './engine/executor-watch.js';
import { Sequencer } from './engine/sequencer.js';
import { SubmissionError, toSubmissionError } from './engine/submission-error.js';

const Status = z.looseObject({
  chainId: z.number().int(),
  role: z.enum(['voting', 'replica']),
  key: z.string(),
  number: z.number().int(),
  state: z.string(),
});
const SignedChange = z.strictObject({ signedChange: z.string().regex(/^0x([0-9a-fA-F]{2})+$/) });

/** What a command answers: its result, or why it was refused. */
type CommandResult = Record<string, unknown> | { error: { code: string; message: string } };

/** Control traffic in JSON over Nest's NATS transporter: executors' statuses, commands. */
@Controller()
export class AdminController {
  constructor(@Inject(Sequencer) private readonly sequencer: Sequencer) {}

  @EventPattern<string>('status.*')
  status(@Payload() data: unknown, @Ctx() context: NatsContext): void {
    const status = Status.safeParse(data);
    if (status.success && context.getSubject() === `status.${status.data.chainId}`) {
      this.sequencer.executors.seen(status.data satisfies ExecutorStatus, performance.now());
    }
  }

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
