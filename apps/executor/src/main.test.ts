import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutorStatus } from '#libs/executor-sdk';
import { bytesToHex } from '#libs/protocol';
import { connectNats } from '#libs/messaging';
import { appScript, freePorts, spawnNode, startNats, type SupervisedProcess, waitFor } from '#libs/testkit';
import { callTerms, listSeries, prepareWrite } from './fixtures/operations.js';
import { type ExecutorStart, Rig } from './fixtures/rig.js';

const READY = /^executor 7 \(voting\) runs from block (\d+)/;
const START_MS_MAX = 20_000;

let rig: Rig;
const processes: SupervisedProcess[] = [];

beforeEach(async () => {
  rig = await Rig.start();
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.stop()));
  await rig.stop();
});

/** Starts a real executor process, as built. */
function spawn(start: ExecutorStart): SupervisedProcess {
  const process = spawnNode({ name: 'executor', script: appScript('executor'), env: rig.environment(start) });
  processes.push(process);
  return process;
}

async function spawnReady(start: ExecutorStart): Promise<{ process: SupervisedProcess; from: number }> {
  const process = spawn(start);
  const line = await process.waitForLine(READY, START_MS_MAX);
  return { process, from: Number(READY.exec(line)![1]) };
}

const height = async (): Promise<number> => {
  const answer = await rig.read<ExecutorStatus>('lockstep_executorStatus', []).catch(() => null);
  return answer?.result.number ?? -1;
};

describe('an executor process', () => {
  it('killed again and again in mid-run goes on without skip or repeat, to the root of one that ran through', async () => {
    const dataDir = rig.directory();
    const witness = await rig.executor({ role: 'replica' });
    const restarts: number[] = [];
    for (let round = 0; round < 4; round++) {
      const { process, from } = await spawnReady({ dataDir });
      restarts.push(from);
      const killAt = rig.log.head() + 12;
      for (let n = 0; n < 25; n++) {
        rig.log.append([await rig.transfer('alice', 'bob', 1n), await rig.transfer('bob', 'carol', 2n)]);
      }
      await waitFor('a height to be killed at', async () => (await height()) >= killAt, 10_000);
      process.kill('SIGKILL');
      await process.exited;
    }
    expect(restarts[0]).toBe(0);
    // It went on from what it had stored, not from genesis.
    expect(restarts.slice(1).every((from, index) => from >= restarts[index]! + 12)).toBe(true);
    await spawnReady({ dataDir });
    const state = await rig.result<{ number: number; stateRoot: string }>('lockstep_state');
    expect(state.number).toBe(100);
    const expected = await rig.read<{ stateRoot: string }>('lockstep_state', [], { minHeight: 100 }, 7, 'replica');
    expect(state.stateRoot).toBe(expected.result.stateRoot);
    expect(witness.executor.halted).toBeNull();
    // 200 transfers with contiguous nonces: one skipped or repeated would have halted it.
    expect(await rig.result('eth_getTransactionCount', [bytesToHex(rig.log.genesis.balances[0]!.owner)])).toBe('0x64');
  });

  it('killed after its vote sends the same bytes again', async () => {
    const dataDir = rig.directory();
    const votes = await rig.listen('vote.7');
    const { process } = await spawnReady({ dataDir });
    const terms = callTerms(rig.log);
    rig.log.append([listSeries(rig.log, terms)]);
    rig.log.append([prepareWrite(rig.log, terms).entry]);
    await waitFor('a vote', () => votes.length > 0, 10_000);
    process.kill('SIGKILL');
    await process.exited;
    const before = votes.length;
    await spawnReady({ dataDir });
    await waitFor('a vote after the crash', () => votes.length > before, 10_000);
    expect(new Set(votes.map(bytesToHex)).size).toBe(1);
  });

  it('says its status at once and every second, and ends in good order when asked to', async () => {
    const statuses = await rig.listen('status.7');
    const { process } = await spawnReady({});
    await waitFor('three statuses', () => statuses.length >= 3, 10_000);
    const message = JSON.parse(Buffer.from(statuses[0]!).toString()) as { pattern: string; data: ExecutorStatus };
    expect(message).toMatchObject({ pattern: 'status.7', data: { chainId: 7, role: 'voting', number: 0 } });
    process.kill('SIGTERM');
    expect(await process.exited).toEqual({ code: 0, signal: null });
  });

  it('ends with one clear sentence where another one uses its store, or a setting is missing', async () => {
    const dataDir = rig.directory();
    await spawnReady({ dataDir });
    const second = spawn({ dataDir });
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.lastLines(3)[0]).toMatch(/^executor: The store in .* is in use by another process\.$/);
    const unset = spawn({ env: { NATS_URL: '' } });
    expect(await unset.exited).toEqual({ code: 1, signal: null });
    expect(unset.lastLines(3)[0]).toMatch(/^executor: The setting NATS_URL is wrong/);
  });

  it('waits for a NATS server that comes later, lives and is not ready meanwhile, and says so once', async () => {
    const [port, natsPort] = (await freePorts(2)) as [number, number];
    const env = { EXECUTOR_HTTP_PORT: String(port), NATS_URL: `nats://127.0.0.1:${natsPort}` };
    const process = spawn({ env: { ...env, LOCKSTEP_LOG_LEVEL: 'warn' } });
    await process.waitForLine(/NATS is not there yet/, START_MS_MAX);
    const answer = async (path: string): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${port}/${path}`);
      return { status: response.status, body: await response.json() };
    };
    expect(await answer('healthz')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await answer('readyz')).toEqual({ status: 503, body: { status: 'not ready', waitingFor: 'NATS' } });
    const nats = await startNats({ port: natsPort });
    try {
      await process.waitForLine(/no genesis yet/, START_MS_MAX);
      expect(await answer('readyz')).toMatchObject({ status: 503, body: { waitingFor: 'a sequencer' } });
      const connection = await connectNats({ servers: nats.url, name: 'test sequencer' });
      rig.log.serve(connection);
      await process.waitForLine(READY, START_MS_MAX);
      expect(process.lastLines(50).filter((line) => line.includes('NATS is not there yet'))).toHaveLength(1);
      await process.stop();
      await connection.close();
    } finally {
      await nats.stop();
    }
  });

  it('waits for a sequencer that comes later', async () => {
    rig.log.silence();
    rig.log.append([await rig.transfer('alice', 'bob', 1n)]);
    const process = spawn({ env: { LOCKSTEP_LOG_LEVEL: 'warn' } });
    await process.waitForLine(/no genesis yet/, START_MS_MAX);
    rig.log.serve(rig.connection);
    await process.waitForLine(READY, START_MS_MAX);
    expect(await rig.result('lockstep_waitForHeight')).toMatchObject({ number: 1 });
  });
});
