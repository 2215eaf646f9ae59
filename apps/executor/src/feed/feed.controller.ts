import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { VerifiedBlock } from '#libs/executor-sdk';
import { Executor } from '../engine/executor.js';
import { FEED_BLOCK, FEED_TRANSPORT } from './feed-strategy.js';

/** Takes blocks from the feed, one at a time. */
@Controller()
export class FeedController {
  constructor(@Inject(Executor) private readonly executor: Executor) {}

  @MessagePattern<string>(FEED_BLOCK, FEED_TRANSPORT)
  async block(@Payload() block: unknown): Promise<void> {
    await this.executor.apply(block as VerifiedBlock);
  }
}
