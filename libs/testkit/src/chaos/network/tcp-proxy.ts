import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What a proxy does with its connections:
 * - `pass`: hands on, after `delayMs` where that is set;
 * - `refuse`: closes connections as soon as they come;
 * - `blackhole`: takes connections and drops everything both ways without a word, as a network does that loses packets.
 */
export type ProxyMode = 'pass' | 'refuse' | 'blackhole';

interface Pair {
  client: Socket;
  upstream: Socket;
  /** Something was dropped on the way: the stream has a hole and can never be used again. */
  broken: boolean;
}

/** A TCP proxy on a port of its own on 127.0.0.1, to be put between two parts of a network under test. */
export class TcpProxy {
  /** Added to whatever passes, in ms. */
  delayMs = 0;
  private mode: ProxyMode = 'pass';
  private readonly pairs = new Set<Pair>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
    readonly port: number,
  ) {}

  /** @param targetPort on 127.0.0.1 */
  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy listens on no port');
    const proxy = new TcpProxy(server, targetPort, address.port);
    server.on('connection', (client) => proxy.accept(client));
    return proxy;
  }

  /** The same URL by way of this proxy. */
  urlOf(targetUrl: string): string {
    const url = new URL(targetUrl);
    url.port = String(this.port);
    return url.toString().replace(/\/$/, '');
  }

  /** From now on. Connections that lost bytes in a black hole stay dead when it ends, as they would after minutes. */
  setMode(mode: ProxyMode): void {
    this.mode = mode;
    if (mode === 'refuse') this.cut();
  }

  /** Breaks the connections there are; those to come are whole. */
  cut(): void {
    for (const { client, upstream } of this.pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.cut();
    await closed;
  }

  private accept(client: Socket): void {
    if (this.mode === 'refuse') return void client.destroy();
    const upstream = connect(this.targetPort, '127.0.0.1');
    const pair: Pair = { client, upstream, broken: false };
    this.pairs.add(pair);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined); // 'close' follows
      socket.on('close', () => this.closed(pair));
    }
    client.on('data', (chunk) => this.forward(pair, upstream, chunk));
    upstream.on('data', (chunk) => this.forward(pair, client, chunk));
  }

  private forward(pair: Pair, to: Socket, chunk: Buffer): void {
    if (this.mode === 'blackhole') pair.broken = true;
    if (pair.broken) return;
    if (this.delayMs === 0) this.write(to, chunk);
    else setTimeout(() => this.write(to, chunk), this.delayMs);
  }

  private write(to: Socket, chunk: Buffer): void {
    if (to.writable) to.write(chunk);
  }

  /** In a black hole the other side does not hear of the end either. */
  private closed(pair: Pair): void {
    if (this.mode === 'blackhole' && !(pair.client.destroyed && pair.upstream.destroyed)) {
      pair.broken = true;
      return;
    }
    pair.client.destroy();
    pair.upstream.destroy();
    this.pairs.delete(pair);
  }
}
