import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, type NatsContext, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { readSignedCommand } from './admin.controller.js';
import type { ExecutorStatus } from './engine/executor-watch.js';
import { Sequencer } from './engine/sequencer.js';

const Status = z.looseObject({
  chainId: z.number().int(),
  role: z.enum(['voting', 'replica']),
  key: z.string(),
  number: z.number().int(),
  state: z.string(),
});

/** Control traffic that every node hears, leading or not. Nothing here is answered. */
@Controller()
export class NodeController {
  constructor(@Inject(Sequencer) private readonly sequencer: Sequencer) {}

  @EventPattern<string>('status.*')
  status(@Payload() data: unknown, @Ctx() context: NatsContext): void {
    const status = Status.safeParse(data);
    if (status.success && context.getSubject() === `status.${status.data.chainId}`) {
      this.sequencer.executors.seen(status.data satisfies ExecutorStatus, performance.now());
    }
  }

  /** An operator says that this node's clock is right: nodes that refuse to lead because of it may lead now. */
  @EventPattern<string>('admin.leader.confirm-time')
  confirmTime(@Payload() data: unknown): void {
    try {
      this.sequencer.commands.check(readSignedCommand(data).signedCommand, 'leader.confirm-time', Date.now());
      this.sequencer.confirmTime();
    } catch {
      // Nobody waits for an answer; a command that is not good changes nothing.
    }
  }
}
