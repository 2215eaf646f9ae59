import { type NatsConnection } from '@nats-io/transport-node';

/** Knows whether a connection is up, and tells when it has come back. */
export class ConnectionWatch {
  private connected = true;

  /** @param onReconnect called after each reconnect, once the subscriptions are in place again */
  constructor(
    private readonly connection: NatsConnection,
    private readonly onReconnect?: () => void,
  ) {
    void this.follow();
  }

  /** Whether what is published now has a chance to arrive. */
  get isConnected(): boolean {
    return this.connected && !this.connection.isClosed();
  }

  private async follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.connected = false;
      else if (status.type === 'reconnect') {
        this.connected = true;
        this.onReconnect?.();
      }
    }
    this.connected = false;
  }
}
