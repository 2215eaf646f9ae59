// A proxy hands on, refuses, drops without a word and breaks connections as it is told.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdsWithin } from '../../servers/wait-until.js';
import { TcpProxy } from './tcp-proxy.js';

let echo: Server;
let proxy: TcpProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  proxy = await TcpProxy.start((echo.address() as { port: number }).port);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.stop();
  await new Promise((resolve) => echo.close(resolve));
});

interface Client {
  socket: Socket;
  received: () => string;
  isClosed: () => boolean;
}

function dial(): Client {
  const socket = connect(proxy.port, '127.0.0.1');
  sockets.push(socket);
  let received = '';
  let closed = false;
  socket.on('data', (chunk) => (received += chunk.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (closed = true));
  return { socket, received: () => received, isClosed: () => closed };
}

describe('a TCP proxy', () => {
  it('hands on both ways', async () => {
    const client = dial();
    client.socket.write('hello');
    expect(await holdsWithin(() => client.received() === 'hello', 2_000)).toBe(true);
  });

  it('names its own port in a URL', () => {
    expect(proxy.urlOf('postgres://me:secret@127.0.0.1:5432/lockstep')).toBe(
      `postgres://me:secret@127.0.0.1:${proxy.port}/lockstep`,
    );
    expect(proxy.urlOf('nats://127.0.0.1:4222')).toBe(`nats://127.0.0.1:${proxy.port}`);
  });

  it('that refuses closes what is there and what comes', async () => {
    const early = dial();
    early.socket.write('x');
    await holdsWithin(() => early.received() === 'x', 2_000);
    proxy.setMode('refuse');
    const late = dial();
    expect(await holdsWithin(() => early.isClosed() && late.isClosed(), 2_000)).toBe(true);
  });

  it('in a black hole drops bytes without closing, and its old connections stay dead', async () => {
    const early = dial();
    early.socket.write('x');
    await holdsWithin(() => early.received() === 'x', 2_000);
    proxy.setMode('blackhole');
    early.socket.write('lost');
    const during = dial();
    during.socket.write('lost too');
    expect(await holdsWithin(() => early.received() !== 'x' || during.received() !== '', 200)).toBe(false);
    proxy.setMode('pass');
    early.socket.write('again');
    const late = dial();
    late.socket.write('fine');
    expect(await holdsWithin(() => late.received() === 'fine', 2_000)).toBe(true);
    expect(early.received()).toBe('x');
    expect(early.isClosed()).toBe(false);
  });

  it('cuts the connections there are and takes new ones', async () => {
    const early = dial();
    early.socket.write('x');
    await holdsWithin(() => early.received() === 'x', 2_000);
    proxy.cut();
    expect(await holdsWithin(early.isClosed, 2_000)).toBe(true);
    const late = dial();
    late.socket.write('y');
    expect(await holdsWithin(() => late.received() === 'y', 2_000)).toBe(true);
  });
});
