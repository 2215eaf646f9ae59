import { type NatsServer, type PostgresServer, startNats, startPostgres } from '../../servers/index.js';
import { signalTree } from './process-tree.js';

/** Postgres in a chaos network: the same data and port over every kill. */
export class ChaosPostgres {
  private constructor(
    private server: PostgresServer,
    private readonly dataDir: string,
    private readonly log: (line: string) => void,
  ) {}

  private isUp = true;

  static async start(dataDir: string, log: (line: string) => void): Promise<ChaosPostgres> {
    return new ChaosPostgres(await startPostgres({ dataDir, log }), dataDir, log);
  }

  get url(): string {
    return this.server.url;
  }

  get port(): number {
    return this.server.port;
  }

  /** SIGKILL to the postmaster and every backend at once. */
  async kill(): Promise<void> {
    this.isUp = false;
    signalTree(this.server.pid, 'SIGKILL');
    await this.server.exited;
  }

  /** Freezes the postmaster and every backend: connections stay, nothing is answered. */
  freeze(): void {
    signalTree(this.server.pid, 'SIGSTOP');
  }

  thaw(): void {
    signalTree(this.server.pid, 'SIGCONT');
  }

  /** Starts it again after a kill; nothing happens while it is up. */
  async restart(): Promise<void> {
    if (this.isUp) return;
    this.server = await startPostgres({ dataDir: this.dataDir, port: this.port, log: this.log });
    this.isUp = true;
  }

  async stop(): Promise<void> {
    if (!this.isUp) return;
    this.thaw();
    await this.server.stop();
  }
}

/** NATS in a chaos network: the same port over every kill. It keeps nothing on disk, so each start is a wiped one. */
export class ChaosNats {
  private constructor(
    private server: NatsServer,
    private readonly log: (line: string) => void,
  ) {}

  private isUp = true;

  static async start(log: (line: string) => void): Promise<ChaosNats> {
    return new ChaosNats(await startNats({ log }), log);
  }

  get url(): string {
    return this.server.url;
  }

  get port(): number {
    return this.server.port;
  }

  async kill(): Promise<void> {
    this.isUp = false;
    await this.server.kill();
  }

  freeze(): void {
    signalTree(this.server.pid, 'SIGSTOP');
  }

  thaw(): void {
    signalTree(this.server.pid, 'SIGCONT');
  }

  async restart(): Promise<void> {
    if (this.isUp) return;
    this.server = await startNats({ port: this.port, log: this.log });
    this.isUp = true;
  }

  async stop(): Promise<void> {
    if (!this.isUp) return;
    this.thaw();
    await this.server.stop();
  }
}
