import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * A connection that asks and reads as little as HTTP/1.1 allows. Those who poll usually have machines of their own; in
 * the bench they share one with what is measured, and should cost little of it.
 */
export class HttpConnection {
  private constructor(
    private readonly socket: Socket,
    private readonly fields: string,
  ) {}

  /** @param key of the admin API, `lsk_…` */
  static async open(url: string, key: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new HttpConnection(socket.setNoDelay(true), `host: ${host}\r\nauthorization: Bearer ${key}\r\n`);
  }

  /** One GET; its body is read and thrown away. One at a time. @throws Error when the server closes the connection */
  get(path: string, ifNoneMatch?: string): Promise<{ status: number; etag: string | undefined }> {
    const { socket, fields } = this;
    return new Promise((resolve, reject) => {
      let head = '';
      let left: number | null = null;
      const settle = (error?: Error): void => {
        socket.off('data', onData).off('close', onClose);
        if (error) return reject(error);
        const etag = /^etag: (.*)$/im.exec(head)?.[1];
        resolve({ status: Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)), etag: etag?.trim() });
      };
      const onClose = (): void => settle(new Error(`the server closed the connection before it answered ${path}`));
      const onData = (bytes: Buffer): void => {
        let body = bytes.length;
        if (left === null) {
          head += bytes.toString('latin1');
          const end = head.indexOf('\r\n\r\n');
          if (end < 0) return;
          body = head.length - (end + 4);
          head = head.slice(0, end);
          left = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
        }
        left -= body;
        if (left <= 0) settle();
      };
      socket.on('data', onData).on('close', onClose);
      const condition = ifNoneMatch === undefined ? '' : `if-none-match: ${ifNoneMatch}\r\n`;
      socket.write(`GET ${path} HTTP/1.1\r\n${fields}${condition}\r\n`);
    });
  }

  close(): void {
    this.socket.destroy();
  }
}
