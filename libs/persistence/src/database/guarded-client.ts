import { Socket } from 'node:net';
import pg from 'pg';

/**
 * A Postgres client that gives up its connection when an answer is overdue.
 *
 * node-postgres' `query_timeout` fails the query but keeps the connection, on which the unanswered query blocks all
 * later ones. After packets were dropped for a while TCP itself tries again only every minute or two, so such a
 * connection would stay dead long after the network is back. Here it is destroyed, and the pool opens another.
 */
export class GuardedClient extends pg.Client {
  readonly #socket: Socket;

  constructor(config: pg.ClientConfig = {}) {
    const socket = new Socket();
    // pg-pool hides the password from enumeration, so a spread alone would lose it.
    super({ ...config, password: config.password, keepAlive: true, stream: () => socket });
    this.#socket = socket;
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    this.query = ((...args: unknown[]) => {
      const result = query(...args);
      if (result instanceof Promise) result.catch((error: unknown) => this.#destroyIfOverdue(error));
      return result;
    }) as typeof this.query;
  }

  /** Ends the connection at once, without a word to the server. */
  destroy(): void {
    this.#socket.destroy();
  }

  #destroyIfOverdue(error: unknown): void {
    if (error instanceof Error && error.message === 'Query read timeout') this.#socket.destroy(error);
  }
}
