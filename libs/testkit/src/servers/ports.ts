import { createServer } from 'node:net';
import { ServerError } from './errors.js';

// Below the range from which systems take ports of outgoing connections (Linux 32768, others 49152), so that none of
// those takes a port between our look and its use; above the ports that fetch() refuses.
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;

const handedOut = new Set<number>();

/**
 * Finds TCP ports that are free on 127.0.0.1. No port is handed out twice in a process.
 *
 * @param count how many
 * @returns distinct ports between 20000 and 31999
 * @throws Error where the range is used up
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  // A random start keeps processes that ask at the same time apart.
  const start = Math.floor(Math.random() * PORT_COUNT);
  for (let step = 0; step < PORT_COUNT && ports.length < count; step++) {
    const port = FIRST_PORT + ((start + step) % PORT_COUNT);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if ((await bindError(port)) === undefined) ports.push(port);
  }
  if (ports.length < count) throw new Error(`no ${count} free TCP ports on 127.0.0.1`);
  return ports;
}

/** One free TCP port: see {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('freePorts(1) gave none');
  return port;
}

/**
 * Makes sure that a port which the user chose can be listened on.
 *
 * @param port on 127.0.0.1
 * @param settingName what to change when it cannot, such as `RPC_PORT`
 * @throws ServerError `port_in_use` naming both
 */
export async function assertPortFree(port: number, settingName: string): Promise<void> {
  const code = await bindError(port);
  if (code === undefined) return;
  const why = code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be listened on (${code})`;
  throw new ServerError(
    'port_in_use',
    `Port ${port} on 127.0.0.1 ${why}.`,
    `Stop that program, or set ${settingName} to a free port.`,
  );
}

function bindError(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
