import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError, exitWithParent, portSetting } from '#libs/runtime';
import { assertPortFree, DataDirectoryLock, freePort, Network, temporaryDirectory } from '#libs/testkit';
import { bold, dim, green, heading, print, red } from '../console.js';
import { EMPTY_SUMMARY, runScenario, type ScenarioResult } from '../scenario/scenario.js';
import { printError } from '../print-error.js';
import { ensureAdminKey } from './admin-key.js';
import { showLiveLines } from './live-lines.js';

export interface DevnetOptions {
  /** End after the scenario. */
  once: boolean;
}

const DEFAULT_RPC_PORT = 8545;
const DEFAULT_ADMIN_PORT = 3000;
/** How long the scenario may take to end once it was told to. */
const STOP_MS_MAX = 3_000;

/** `lockstep devnet`: a whole network, the guided scenario, then a line a second until it is told to stop. */
export async function runDevnet({ once }: DevnetOptions): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  let network: Network | null = null;
  let lock: DataDirectoryLock | null = null;
  let temporary: string | null = null;
  exitWithParent(async () => network?.stop());
  let result: ScenarioResult = { passed: false, summary: EMPTY_SUMMARY };
  try {
    const dataDir =
      once && !process.env.LOCKSTEP_DATA_DIR ? (temporary = temporaryDirectory('devnet')) : givenDirectory();
    lock = DataDirectoryLock.acquire(dataDir);
    const rpcPort = await choosePort('RPC_PORT', DEFAULT_RPC_PORT, once);
    const adminPort = await choosePort('ADMIN_PORT', DEFAULT_ADMIN_PORT, once);
    print(`${bold('Lockstep devnet')}  ${dim(`data in ${dataDir}`)}`);
    network = await Network.start({
      dataDir,
      rpcPort,
      adminApi: true,
      adminPort,
      ...(process.env.DATABASE_URL ? { databaseUrl: process.env.DATABASE_URL } : {}),
      ...(process.env.NATS_URL ? { natsUrl: process.env.NATS_URL } : {}),
      ...(process.env.LOCKSTEP_TOPOLOGY ? { topologyFile: process.env.LOCKSTEP_TOPOLOGY } : {}),
    });
    printNetwork(network);
    const { text, file } = await ensureAdminKey(network.databaseUrl, dataDir);
    print(`  admin key  ${text}  ${dim(`in ${file}`)}`);
    const { signal } = stopping;
    result = await atMostAfter(runScenario(network, signal), signal, STOP_MS_MAX);
    print(`\n${result.passed ? green('Every check held.') : red('Something did not hold; see above.')}`);
    if (!once) await showLiveLines(network, signal);
  } catch (thrown) {
    if (!stopping.signal.aborted) printError(thrown);
    result.passed = false;
  }
  await network?.stop().catch(printError);
  lock?.release();
  if (temporary) rmSync(temporary, { recursive: true, force: true });
  if (once) print(JSON.stringify(result.summary));
  return result.passed || (stopping.signal.aborted && !once) ? 0 : 1;
}

function printNetwork({ topology, databaseUrl, natsUrl, rpcUrl, adminUrl }: Network): void {
  heading('What runs where');
  // Its own server's password is known to everybody; another's is nobody's business.
  const shown = process.env.DATABASE_URL ? databaseUrl.replace(/:[^:@/]+@/, ':…@') : databaseUrl;
  print(`  Postgres   ${shown}`);
  print(`  NATS       ${natsUrl}`);
  print(`  sequencer  ${rpcUrl}`);
  print(`  admin API  ${adminUrl}/  ${dim('/api/v1, /docs, /openapi.json')}`);
  for (const { chainId, name } of topology.rollups)
    print(`  ${name.padEnd(10)} ${rpcUrl}/${chainId}  JSON-RPC of rollup ${chainId}`);
}

const givenDirectory = (): string => {
  const dataDir = resolve(process.env.LOCKSTEP_DATA_DIR ?? '.lockstep');
  mkdirSync(dataDir, { recursive: true });
  return dataDir;
};

async function choosePort(setting: string, standard: number, once: boolean): Promise<number> {
  const given = process.env[setting];
  if (given !== undefined && given !== '') {
    const port = portSetting.safeParse(given);
    if (!port.success) {
      throw new ConfigurationError(
        { code: 'CONFIGURATION', setting },
        `${setting} is ${JSON.stringify(given)}, which is no TCP port.`,
        'Set it to a number from 1 to 65535, or leave it unset.',
      );
    }
    await assertPortFree(port.data, setting);
    return port.data;
  }
  if (once) return freePort();
  await assertPortFree(standard, setting);
  return standard;
}

/** What the work gives; once the signal was raised it is waited for no longer than `graceMs`. @throws Error then */
async function atMostAfter<T>(work: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const startTimer = (): void => {
      timer = setTimeout(() => reject(new Error('stopped')), graceMs);
    };
    if (signal.aborted) startTimer();
    else signal.addEventListener('abort', startTimer, { once: true });
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
