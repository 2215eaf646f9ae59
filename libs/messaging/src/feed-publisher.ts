import { type NatsConnection } from '@nats-io/transport-node';
import { feedSubject } from '#libs/protocol';
import { ConnectionWatch } from './connection-watch.js';

/** A serialised slice and the rollup it is for. */
export interface OutgoingSlice {
  chainId: number;
  bytes: Uint8Array;
}

/**
 * Publishes slices to `feed.slice.<chainId>`, one message a block and rollup. It never waits and never fails: while
 * NATS is away slices are dropped, and followers get them by replay.
 */
export class FeedPublisher {
  private readonly watch: ConnectionWatch;
  private published = 0;
  private dropped = 0;

  constructor(private readonly connection: NatsConnection) {
    this.watch = new ConnectionWatch(connection);
  }

  /** Slices handed to NATS and slices dropped since the start. */
  get counts(): { published: number; dropped: number } {
    return { published: this.published, dropped: this.dropped };
  }

  /** To be called once a block is durable, in the order of blocks. */
  publish(slices: Iterable<OutgoingSlice>): void {
    for (const { chainId, bytes } of slices) {
      if (this.tryPublish(feedSubject(chainId), bytes)) this.published++;
      else this.dropped++;
    }
  }

  private tryPublish(subject: string, bytes: Uint8Array): boolean {
    if (!this.watch.isConnected) return false;
    try {
      this.connection.publish(subject, bytes);
      return true;
    } catch {
      return false; // closed meanwhile, or a server that takes less than a slice
    }
  }
}
