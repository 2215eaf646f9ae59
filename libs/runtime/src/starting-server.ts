import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/**
 * Answers in place of a process that cannot do its work yet, since a server that it needs is away: `/healthz` 200,
 * everything else 503 with what is waited for. So whoever watches the process sees it live and wait, and does not start
 * it over and over again.
 */
export class StartingServer {
  /** What is waited for, as in `Postgres`. */
  waitingFor: string;
  private readonly server: Server;

  private constructor(waitingFor: string) {
    this.waitingFor = waitingFor;
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /** @throws the system's error where the port cannot be had, as in EADDRINUSE */
  static async listen(port: number, host: string, waitingFor: string): Promise<StartingServer> {
    const starting = new StartingServer(waitingFor);
    const { server } = starting;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return starting;
  }

  /** Frees the port for the one that takes over. May be called again. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const isHealth = request.url?.split('?')[0] === '/healthz';
    const body = isHealth ? { status: 'ok' } : { status: 'not ready', waitingFor: this.waitingFor };
    response.writeHead(isHealth ? 200 : 503, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(body));
  }
}
