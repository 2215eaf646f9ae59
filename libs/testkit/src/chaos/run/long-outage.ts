import { setTimeout as delay } from 'node:timers/promises';
import { checkHistory, type InvariantReport } from '../../history/index.js';
import { waitFor } from '../../network/wait-for.js';
import { holdsWithin } from '../../servers/wait-until.js';
import { ChaosNetwork, readiness } from '../network/chaos-network.js';
import { Random } from '../plan/random.js';
import { ChaosClients } from './chaos-clients.js';
import { collectHistory, copyOfLog, waitForRest } from './collect-history.js';

/** `freeze`: every process of Postgres is stopped. `blackhole`: all packets to it and from it vanish. */
export type OutageKind = 'freeze' | 'blackhole';

export interface LongOutageOptions {
  kind: OutageKind;
  /** Two minutes by default. */
  outageMs?: number;
  dataDir: string;
  log?: (line: string) => void;
}

export interface OutageReport {
  /** Until no sequencer called itself ready, in ms; null when one still did after 20 s. */
  notReadyMs: number | null;
  /** Submissions during the outage that were answered with an error, and how long the slowest took. */
  refused: number;
  refusedMsMax: number;
  /** From the end of the outage until a follower was handed a new block, and until a submission was acknowledged. */
  blockMs: number | null;
  acknowledgedMs: number | null;
  /** What should not have been, in words; none where all is well. */
  problems: string[];
}

export interface LongOutageReport extends OutageReport {
  invariants: InvariantReport[];
  passed: boolean;
}

const NOT_READY_MS_MAX = 5_000;
const NOT_READY_WAIT_MS = 20_000;
const BACK_MS_MAX = 10_000;
const OUTAGE_MS = 120_000;
const WARM_MS = 5_000;

/**
 * A sequencer that never recovers after its database was frozen for two minutes while it reports healthy; a stall of
 * minutes after a connection was lost without a word. On a network of its own, with the invariants checked at the end.
 */
export async function runLongOutage(options: LongOutageOptions): Promise<LongOutageReport> {
  const { kind, dataDir, outageMs = OUTAGE_MS, log } = options;
  const network = await ChaosNetwork.create({ dataDir });
  let clients: ChaosClients | null = null;
  try {
    await network.startAll();
    clients = await ChaosClients.start(network, new Random(1));
    await clients.startLoad(60_000);
    const [feed] = clients.feeds;
    await waitFor('the first decisions', () => feed!.decided >= 3, 30_000);
    await delay(WARM_MS);
    const earlier = [await copyOfLog(network, 'before the outage')];
    const report = await sufferOutage(network, clients, { kind, outageMs, ...(log ? { log } : {}) });
    await clients.stopLoad();
    await waitForRest(clients);
    const invariants = checkHistory(await collectHistory(network, clients, earlier), { clientsComplete: true });
    for (const { process } of network.nodes) {
      for (const { name, exit } of process.unexpected) {
        report.problems.push(`${name} ended by itself: ${JSON.stringify(exit)}`);
      }
    }
    const passed = report.problems.length === 0 && invariants.every(({ status }) => status !== 'failed');
    return { ...report, invariants, passed };
  } finally {
    await clients?.close();
    await network.stop();
  }
}

/**
 * Takes Postgres away from a network under load and gives it back. Readiness has to say so at once, submissions need an
 * answer, and everything must be back by itself soon after the end, with no process started anew.
 */
export async function sufferOutage(
  network: ChaosNetwork,
  clients: ChaosClients,
  { kind, outageMs, log = () => undefined }: { kind: OutageKind; outageMs: number; log?: (line: string) => void },
): Promise<OutageReport> {
  const problems: string[] = [];
  const starts = network.nodes.map(({ process }) => process.starts);
  const began = performance.now();
  if (kind === 'freeze') network.postgres.freeze();
  else for (const { postgres } of network.sequencers) postgres.setMode('blackhole');
  log(`${kind} begins`);
  const isQuiet = await holdsWithin(async () => !(await anyReady(network)), NOT_READY_WAIT_MS, 50);
  const notReadyMs = isQuiet ? performance.now() - began : null;
  if (notReadyMs === null || notReadyMs > NOT_READY_MS_MAX) {
    problems.push(`a sequencer called itself ready for ${notReadyMs?.toFixed(0) ?? 'too many'} ms`);
  }
  log(`not ready after ${notReadyMs?.toFixed(0)} ms`);
  const before = clients.attempts.attempts.length;
  await delay(Math.max(0, outageMs - (performance.now() - began)));
  if (await anyReady(network)) problems.push('a sequencer calls itself ready at the end of the outage');
  const during = clients.attempts.attempts.slice(before).filter(({ answeredAtMs }) => answeredAtMs !== undefined);
  if (kind === 'freeze') network.postgres.thaw();
  else for (const { postgres } of network.sequencers) postgres.setMode('pass');
  const ended = performance.now();
  log(`over; ${during.length} submissions were answered meanwhile`);
  const { blockMs, acknowledgedMs } = await comeBack(clients, ended);
  if (blockMs === null || blockMs > BACK_MS_MAX) problems.push(`the first block came ${blockMs} ms after the end`);
  if (acknowledgedMs === null || acknowledgedMs > BACK_MS_MAX) {
    problems.push(`the first submission was acknowledged ${acknowledgedMs} ms after the end`);
  }
  log(`a block after ${String(blockMs)} ms, an acknowledgement after ${String(acknowledgedMs)} ms`);
  network.nodes.forEach(({ process }, index) => {
    if (process.starts !== starts[index]) problems.push(`${process.name} was started again`);
  });
  return {
    notReadyMs,
    refused: during.filter(({ outcome }) => outcome !== 'acknowledged').length,
    refusedMsMax: Math.max(0, ...during.map(({ sentAtMs, answeredAtMs = sentAtMs }) => answeredAtMs - sentAtMs)),
    blockMs,
    acknowledgedMs,
    problems,
  };
}

/** Waits for a new block and an acknowledgement after the outage; how long each took, ms. */
async function comeBack(
  clients: ChaosClients,
  ended: number,
): Promise<{ blockMs: number | null; acknowledgedMs: number | null }> {
  const since = (atMs: number | undefined): number | null =>
    atMs === undefined || atMs <= ended ? null : atMs - ended;
  const acknowledgedAtMs = (): number | undefined =>
    clients.attempts.attempts.find(
      ({ outcome, answeredAtMs = 0 }) => outcome === 'acknowledged' && answeredAtMs > ended,
    )?.answeredAtMs;
  let blockMs: number | null = null;
  await holdsWithin(() => {
    blockMs ??= since(clients.newestAtMs());
    return blockMs !== null && acknowledgedAtMs() !== undefined;
  }, 60_000);
  return { blockMs, acknowledgedMs: since(acknowledgedAtMs()) };
}

async function anyReady(network: ChaosNetwork): Promise<boolean> {
  const answers = await Promise.all(network.sequencers.map(({ url }) => readiness(url)));
  return answers.some((answer) => answer?.status === 'ready');
}
