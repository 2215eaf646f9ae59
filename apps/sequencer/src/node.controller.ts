import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, type NatsContext, Payload } from '@nestjs/microservices';
import { z } from 'zod';
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
}
