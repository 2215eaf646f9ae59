// Shows two sequencers on one real Postgres: who is ready and who leads when writes hang or another takes the epoch, and
// that a leader takes over what the one before had found out.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LocalSigner } from '#libs/crypto';
import {
  bytesToHex,
  commitmentDigest,
  RegistryAction,
  RegistryChange,
  SignedRegistryChange,
  SignedStateRoot,
  StateRoot,
} from '#libs/protocol';
import { createMetricsRegistry, createSequencerMetrics } from '#libs/runtime';
import {
  devnetKeys,
  type PostgresServer,
  PROJECT_ROOT,
  startPostgres,
  waitFor,
  temporaryDirectory,
} from '#libs/testkit';
import { SequencerSettings } from '../config.js';
import { openLog, type OpenLog } from './open-log.js';
import { Sequencer } from './sequencer.js';
import { SilentLogger } from './testing/silent-logger.js';

const WAIT_MS = 30_000;
const READINESS_MS_MAX = 5_000;

let directory: string;
let postgres: PostgresServer;
const running: Sequencer[] = [];

beforeAll(async () => {
  directory = temporaryDirectory('engine');
  postgres = await startPostgres({ dataDir: directory });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((sequencer) => sequencer.stop()));
});
afterAll(async () => {
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
});

interface Node {
  sequencer: Sequencer;
  log: OpenLog;
  url: string;
}

async function start(index: 0 | 1): Promise<Node> {
  const url = `http://127.0.0.1:${index + 1}`;
  const settings = SequencerSettings.parse({
    DATABASE_URL: postgres.url,
    NATS_URL: 'nats://127.0.0.1:1',
    SEQUENCER_KEY: bytesToHex(devnetKeys.sequencer(index)),
    LOCKSTEP_TOPOLOGY: join(PROJECT_ROOT, 'config', 'devnet.json'),
    LOCKSTEP_ADVERTISE_URL: url,
    LOCKSTEP_RECOVERY_WORKERS: 1,
  });
  const logger = new SilentLogger().port;
  const log = await openLog(settings, logger);
  const metrics = createSequencerMetrics(createMetricsRegistry('sequencer', 'test'));
  const sequencer = new Sequencer(settings, log, metrics, logger);
  running.push(sequencer);
  const nothing = (): void => undefined;
  sequencer.start({ publish: nothing, requestVotes: nothing, serve: nothing, cease: nothing });
  return { sequencer, log, url };
}

/** The first leads, the second stands by and is ready. */
async function startBoth(): Promise<[Node, Node]> {
  const leader = await start(0);
  await waitFor('a leader', () => leader.sequencer.isLeading, WAIT_MS);
  const standby = await start(1);
  await waitFor('a stand-by', () => standby.sequencer.isReady, WAIT_MS);
  return [leader, standby];
}

const author = { actor: 'test', detail: {} };

describe('readiness', () => {
  test('a leader says in time that its write hangs, refuses submissions, and leads on when it ends', async () => {
    const [{ sequencer, log }, standby] = await startBoth();
    expect([sequencer.isReady, sequencer.leaderUrl]).toEqual([true, null]);
    expect([standby.sequencer.isLeading, standby.sequencer.leaderUrl]).toEqual([false, 'http://127.0.0.1:1']);
    const [row] = await log.dataSource.query<{ pid: number }[]>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'lockstep log writer'`,
    );
    const frozenAtMs = performance.now();
    process.kill(row!.pid, 'SIGSTOP');
    try {
      await waitFor('it is not ready', () => !sequencer.isReady, WAIT_MS);
      expect(performance.now() - frozenAtMs).toBeLessThan(READINESS_MS_MAX - 500);
      expect(sequencer.isLeading).toBe(false);
      expect(() => sequencer.operator.abortOperation(new Uint8Array(32), author)).toThrow(/cannot be written/);
      // The lease is renewed by another connection: nobody else may lead yet.
      expect(standby.sequencer.isReady).toBe(true);
    } finally {
      process.kill(row!.pid, 'SIGCONT');
    }
    await waitFor('somebody leads', () => sequencer.isLeading || standby.sequencer.isLeading, WAIT_MS);
    const before = sequencer.tip().number;
    await waitFor(
      'both read on',
      () => [sequencer, standby.sequencer].every((one) => one.tip().number > before),
      WAIT_MS,
    );
  });

  test('a leader whose epoch another has taken writes nothing more and stands by', async () => {
    const [{ sequencer, log }, standby] = await startBoth();
    const { epoch } = sequencer;
    let taken: { epoch: number } | undefined;
    const take = async (): Promise<boolean> => {
      await log.dataSource.query(`UPDATE lockstep.leadership SET lease_until = clock_timestamp()`);
      taken = await log.leadership.take('usurper', 'http://usurper', 8_000);
      return taken !== undefined; // else the stand-by was faster
    };
    await waitFor('the epoch is taken', take, WAIT_MS);
    expect(taken?.epoch).toBeGreaterThan(epoch!);
    await waitFor('the old leader stands by', () => sequencer.isReady && !sequencer.isLeading, WAIT_MS);
    expect(sequencer.leaderUrl).toBe('http://usurper');
    // Nobody renews the usurper's lease.
    const anyLeads = (): boolean => sequencer.isLeading || standby.sequencer.isLeading;
    await waitFor('one of the two to lead again', anyLeads, WAIT_MS);
    const rows = await log.dataSource.query<{ number: string }[]>(
      `SELECT number FROM lockstep.blocks WHERE epoch = $1::bigint
       AND number > (SELECT min(number) FROM lockstep.blocks WHERE epoch > $1::bigint)`,
      [epoch],
    );
    expect(rows).toEqual([]);
  });
});

describe('differing roots', () => {
  test('stop a rollup under the next leader too, until an operator has looked at it', async () => {
    const [{ sequencer, log }, standby] = await startBoth();
    const [rollup] = sequencer.registry().rollups;
    const { chainId } = rollup!;
    await waitFor('a block', () => sequencer.tip().number > 0, WAIT_MS);
    const stated = (key: Uint8Array, root: number): Uint8Array => {
      const stateRoot = { logId: sequencer.logId, chainId, number: 1, blockHash: word(1), root: word(root) };
      const digest = commitmentDigest(sequencer.logId, 'root', StateRoot.hashTreeRoot(stateRoot));
      return SignedStateRoot.serialize({ stateRoot, signature: new LocalSigner(key).sign(digest) });
    };
    sequencer.receiveRoot(stated(devnetKeys.executor(0), 1));
    expect(sequencer.disputedRollups()).toEqual([]);
    sequencer.receiveRoot(stated(devnetKeys.replica(0), 2));
    expect(sequencer.disputedRollups()).toEqual([chainId]);
    const count = async (): Promise<number> =>
      (await log.dataSource.query<unknown[]>('SELECT FROM lockstep.incidents')).length;
    await waitFor('the incident', async () => (await count()) === 1, WAIT_MS);
    await sequencer.operator.transferLeadership(author);
    await waitFor('a takeover', () => standby.sequencer.isLeading, WAIT_MS);
    expect([sequencer.disputedRollups(), standby.sequencer.disputedRollups()]).toEqual([[], [chainId]]);
    for (const value of [true, false]) {
      const nonce = standby.sequencer.registry().changeCount;
      const change = { nonce, action: { selector: RegistryAction.SET_ROLLUP_QUARANTINED, value: { chainId, value } } };
      const digest = commitmentDigest(sequencer.logId, 'registry', RegistryChange.hashTreeRoot(change));
      const signature = new LocalSigner(devnetKeys.registry()).sign(digest);
      const signed = SignedRegistryChange.serialize({ change: change, signature });
      await standby.sequencer.entries.submitRegistryChange(signed);
    }
    expect(standby.sequencer.disputedRollups()).toEqual([]);
  });
});

const word = (n: number): Uint8Array => new Uint8Array(32).fill(n);
