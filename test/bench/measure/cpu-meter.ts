import { readdirSync, readFileSync } from 'node:fs';
import type { BenchNetwork } from '../bench-network.js';

/** CPU time that a part of the network used for each transaction. Other load on the machine does not change it much. */
export interface CpuUse {
  part: string;
  microsecondsPerTransaction: number;
}

/** What signs, submits and polls. */
export const CLIENT_PART = 'this client';

/** Linux counts CPU time of a process in hundredths of a second, whatever the kernel's own tick (proc(5), stat). */
const TICK_MS = 10;

/** Reads from /proc what CPU time each part of the network uses. Gives nothing on other systems than Linux. */
export class CpuMeter {
  private constructor(
    private readonly parts: ReadonlyMap<string, () => number>,
    private readonly startMs: ReadonlyMap<string, number>,
  ) {}

  static async start({ network, database }: BenchNetwork): Promise<CpuMeter> {
    const parts = new Map<string, () => number>();
    if (process.platform === 'linux') {
      const sequencer = network.sequencers[0]!.pid;
      parts.set('sequencer, main thread', () => threadMs(sequencer, sequencer));
      parts.set(
        'sequencer, recovery workers and other threads',
        () => processMs(sequencer) - threadMs(sequencer, sequencer),
      );
      const executors = [...network.executors.values()].map(({ pid }) => pid);
      parts.set(`${executors.length} executors together`, () => sum(executors.map(processMs)));
      const adminApi = network.adminApi?.pid;
      if (adminApi !== undefined) parts.set('admin API', () => processMs(adminApi));
      const { rows } = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const postmaster = parentOf(rows[0]!.pid);
      parts.set('Postgres', () =>
        sum(
          processes()
            .filter((pid) => pid === postmaster || parentOf(pid) === postmaster)
            .map(processMs),
        ),
      );
      const nats = processes().find((pid) => isNats(pid, new URL(network.natsUrl).port));
      if (nats !== undefined) parts.set('NATS', () => processMs(nats));
      parts.set(CLIENT_PART, () => processMs(process.pid));
    }
    return new CpuMeter(parts, new Map([...parts].map(([part, read]) => [part, read()])));
  }

  stop(transactions: number): CpuUse[] {
    return [...this.parts].map(([part, read]) => {
      const ms = read() - (this.startMs.get(part) ?? 0);
      return { part, microsecondsPerTransaction: Math.round((ms * 10_000) / transactions) / 10 };
    });
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const processes = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const processMs = (pid: number): number => cpuMs(`/proc/${pid}/stat`);
const threadMs = (pid: number, thread: number): number => cpuMs(`/proc/${pid}/task/${thread}/stat`);

/** User and system time; 0 for a process that has ended. */
function cpuMs(file: string): number {
  const fields = statFields(file);
  return fields ? (Number(fields[11]) + Number(fields[12])) * TICK_MS : 0;
}

const parentOf = (pid: number): number => Number(statFields(`/proc/${pid}/stat`)?.[1] ?? -1);

/** The fields from `state` on: what stands before may hold blanks. */
function statFields(file: string): string[] | null {
  try {
    const text = readFileSync(file, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function isNats(pid: number, port: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    return command[0]!.includes('nats-server') && command.includes(port);
  } catch {
    return false;
  }
}
