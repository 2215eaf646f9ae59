import { BaseRpcContext, type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import type { Follower } from '#libs/executor-sdk';

/** Names this transport, so that Nest gives it the handlers meant for it and no others. */
export const FEED_TRANSPORT = Symbol('lockstep feed');
/** The pattern under which blocks are handed on. */
export const FEED_BLOCK = 'feed.block';

/**
 * The feed as a Nest transport. Nest's own NATS transport runs handlers concurrently, so the order would be lost; this
 * one hands on a block when the handler has done with the one before.
 */
export class FeedStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = FEED_TRANSPORT;
  private running: Promise<void> = Promise.resolve();

  /** @param onEnd told when the feed ends: with the error that ended it, or null when it was closed */
  constructor(
    private readonly follower: Follower,
    private readonly onEnd: (error: Error | null) => void,
  ) {
    super();
  }

  listen(callback: () => void): void {
    this.running = this.run().then(
      () => this.onEnd(null),
      (error: Error) => this.onEnd(error),
    );
    callback();
  }

  /** Ends when the handler has done with the block at hand. */
  async close(): Promise<void> {
    this.follower.close();
    await this.running;
  }

  on(): void {
    throw new Error('The feed has no events of its own.');
  }

  unwrap<T>(): T {
    return this.follower as T;
  }

  private async run(): Promise<void> {
    const handler = this.getHandlerByPattern(FEED_BLOCK);
    if (!handler) throw new Error(`No handler for ${FEED_BLOCK}.`);
    const context = new BaseRpcContext([]);
    for await (const block of this.follower) {
      await lastValueFrom(this.transformToObservable(await handler(block, context)), { defaultValue: undefined });
    }
  }
}
