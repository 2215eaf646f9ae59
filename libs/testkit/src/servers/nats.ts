import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DataDirectoryLock } from './data-directory-lock.js';
import { ServerError } from './errors.js';
import { findNatsServer } from './find-nats-server.js';
import { stopOrphan } from './orphans.js';
import { assertPortFree, freePort } from './ports.js';
import { processStartTime } from './process-identity.js';
import { type ProcessExit, SupervisedProcess } from './supervised-process.js';
import { StopPhase } from './watchdog-client.js';

export interface NatsOptions {
  /** On 127.0.0.1; a free one by default. */
  port?: number;
  /** Where the pid is kept, so that a server which an earlier run left behind is stopped first. */
  dataDir?: string;
  /** Gets what a person may want to know and what the server writes. */
  log?: (line: string) => void;
}

/** A running nats-server. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Such as `2.9.10`. */
  readonly version: string;
  /** Gives how the server ended, for whatever reason. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Ends when the server has ended. */
  stop(): Promise<void>;
  /** SIGKILL, for fault tests. Ends when the server has ended. */
  kill(): Promise<void>;
}

interface ServerInfo {
  server_name: string;
  version: string;
  max_payload: number;
}

/** A slice with its proofs takes up to 960 KiB. */
const PAYLOAD_MIN_BYTES = 1_048_576;
const READY_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 5_000;
const LAUNCHES_MAX = 5;

/**
 * Starts a real nats-server on 127.0.0.1, without JetStream, found by {@link findNatsServer}.
 *
 * @throws ServerError `nats_server_missing`, `nats_server_not_usable`, `port_in_use`, `nats_start_failed`, and with
 *   `dataDir` `data_directory_in_use`, `data_directory_not_usable`
 */
export async function startNats({ port, dataDir, log = () => undefined }: NatsOptions = {}): Promise<NatsServer> {
  const lock = dataDir === undefined ? undefined : DataDirectoryLock.acquire(dataDir);
  try {
    if (dataDir !== undefined) await stopOrphanOf(dataDir, log);
    if (port !== undefined) await assertPortFree(port, 'the port of the embedded NATS (or NATS_URL)');
    const { path } = await findNatsServer(log);
    const server = await launch(path, port, log);
    if (dataDir !== undefined) recordPid(dataDir, server.pid);
    void server.exited.then(() => lock?.release());
    return server;
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** Starts the server; with a free port again where another program took it meanwhile. */
async function launch(path: string, wantedPort: number | undefined, log: (line: string) => void): Promise<NatsServer> {
  for (let attempt = 1; ; attempt++) {
    const port = wantedPort ?? (await freePort());
    const name = `lockstep-${randomBytes(6).toString('hex')}`;
    const server = new SupervisedProcess({
      name: 'nats-server',
      command: path,
      args: ['--addr', '127.0.0.1', '--port', String(port), '--name', name],
      env: { PATH: process.env.PATH },
      cwd: '/',
      stopSignal: 'SIGTERM',
      graceMs: STOP_TIMEOUT_MS,
      stopPhase: StopPhase.Servers,
      onLine: log,
    });
    const info = await readyInfo(server, port, name);
    if (info !== undefined && info.max_payload >= PAYLOAD_MIN_BYTES) return handleOf(server, port, info);
    await server.stop(STOP_TIMEOUT_MS);
    const lines = server.lastLines(8).join('\n  ');
    const portWasTaken = wantedPort === undefined && lines.includes('address already in use');
    if (portWasTaken && attempt < LAUNCHES_MAX) continue;
    throw startFailed(path, info === undefined ? lines : `max_payload is ${info.max_payload}`);
  }
}

function handleOf(server: SupervisedProcess, port: number, { version }: ServerInfo): NatsServer {
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: server.pid,
    version,
    exited: server.exited,
    async stop() {
      await server.stop(STOP_TIMEOUT_MS);
    },
    async kill() {
      server.kill('SIGKILL');
      await server.exited;
    },
  };
}

async function readyInfo(server: SupervisedProcess, port: number, name: string): Promise<ServerInfo | undefined> {
  const end = performance.now() + READY_TIMEOUT_MS;
  while (!server.hasExited && performance.now() < end) {
    const info = await readInfo(port);
    // Another server may have taken the port just before ours tried to.
    if (info?.server_name === name) return info;
    await Promise.race([delay(20), server.exited]);
  }
  if (server.hasExited) await server.exited;
  return undefined;
}

/** A NATS server greets every connection with one line: INFO and a JSON object. */
function readInfo(port: number): Promise<ServerInfo | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
    let text = '';
    const finish = (info?: ServerInfo): void => {
      socket.destroy();
      resolve(info);
    };
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const line = /^INFO (\{.*\})\s*\r\n/.exec(text)?.[1];
      if (line !== undefined) finish(JSON.parse(line) as ServerInfo);
    });
    socket.on('error', () => finish());
    socket.on('timeout', () => finish());
    socket.on('close', () => finish());
  });
}

interface PidRecord {
  pid: number;
  startTime?: string;
}

function recordPid(dataDir: string, pid: number): void {
  const startTime = processStartTime(pid);
  const record: PidRecord = { pid, ...(startTime === undefined ? {} : { startTime }) };
  writeFileSync(pidFile(dataDir), JSON.stringify(record));
}

async function stopOrphanOf(dataDir: string, log: (line: string) => void): Promise<void> {
  const record = readPidRecord(dataDir);
  if (record === undefined) return;
  const isOurs = (_: string, startTime: string): boolean => startTime === record.startTime;
  const outcome = await stopOrphan(record.pid, isOurs, ['SIGTERM', 'SIGKILL']);
  if (outcome === 'stopped') log(`stopped the nats-server ${record.pid} that an earlier run left behind`);
}

function readPidRecord(dataDir: string): PidRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(pidFile(dataDir), 'utf8')) as PidRecord;
    return Number.isSafeInteger(record.pid) && record.pid > 0 ? record : undefined;
  } catch {
    return undefined; // no earlier run, or one cut short while it wrote this
  }
}

function pidFile(dataDir: string): string {
  return join(dataDir, 'nats-server.pid');
}

function startFailed(path: string, why: string): ServerError {
  return new ServerError(
    'nats_start_failed',
    `${path} did not start as needed:\n  ${why}\n`,
    'Set NATS_SERVER_BIN to another nats-server, or NATS_URL to a server with max_payload of 1 MiB or more.',
  );
}
