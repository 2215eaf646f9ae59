import { setTimeout as delay } from 'node:timers/promises';
import { bytesToHex, entryBody, EntryKind, type Hex, Prepare } from '#libs/protocol';
import { checkHistory, type EarlierLog, type History, type InvariantReport } from '../../history/index.js';
import { holdsWithin } from '../../servers/wait-until.js';
import { type ChaosContext, type FaultResult, FAULTS, MessageRecorder } from '../faults/index.js';
import { killFirstStarts } from '../faults/first-start.js';
import { ChaosNetwork } from '../network/chaos-network.js';
import { type Cell, cellName } from '../plan/cells.js';
import { makePlan, type Step } from '../plan/make-plan.js';
import { Random } from '../plan/random.js';
import { ChaosClients } from './chaos-clients.js';
import type { ChaosReport, StepReport } from './chaos-report.js';
import { collectHistory, copyOfLog, waitForRest } from './collect-history.js';

export interface ChaosOptions {
  seed: number;
  /** How long faults go on, in ms; start, rest and the checks come on top. */
  durationMs: number;
  /** Where the network keeps its data. */
  dataDir: string;
  sequencers?: number;
  /** Which cells of the matrix; all by default. */
  only?: (cell: Cell) => boolean;
  /** Exactly these steps instead of the seed's, within the time. */
  plan?: Iterable<Step>;
  /** Length of freezes and cuts; 5 to 20 s by default. */
  cutMs?: { min: number; max: number };
  /** Kill processes during their first start; true by default. */
  killFirstStarts?: boolean;
  log?: (line: string) => void;
}

const RECOVER_MS_MAX = 30_000;
const TAKEOVER_MS_MAX = 5_000;
/** How far back errors that clients were told are shown where there is no rest. */
const ERRORS_SHOWN_MS = 20_000;
const CUT_MS = { min: 5_000, max: 20_000 };

/**
 * Runs a network of real processes under load, breaks it by the seed's plan, heals it, waits for rest and checks every
 * invariant. Never throws for what the network does wrong: the report says it.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, dataDir, sequencers = 2 } = options;
  const network = await ChaosNetwork.create({ dataDir, sequencers });
  const run = new ChaosRun(options, network, new Random(seed));
  try {
    return await run.run();
  } finally {
    await run.close();
    await network.stop();
  }
}

class ChaosRun {
  private readonly steps: StepReport[] = [];
  private readonly faults: Record<string, number> = {};
  private readonly problems: string[] = [];
  private readonly earlier: EarlierLog[] = [];
  private readonly wrongRoots: Hex[] = [];
  private clients: ChaosClients | null = null;

  constructor(
    private readonly options: ChaosOptions,
    private readonly network: ChaosNetwork,
    private readonly random: Random,
  ) {}

  async run(): Promise<ChaosReport> {
    const { network, random, options } = this;
    const startedAt = new Date().toISOString();
    if (options.killFirstStarts ?? true) {
      const killed = await killFirstStarts(network, random.fork());
      for (let count = 0; count < killed; count++) this.injected('SIGKILL in a first start');
      const cell: Cell = { row: 'startKilled', column: 'P0' };
      this.steps.push({ cell, phase: 'P0', reached: true, recoveredMs: 0, takeoverMs: null, note: 'first start' });
    }
    await network.startAll();
    const clients = (this.clients = await ChaosClients.start(network, random.fork()));
    await clients.startLoad(options.durationMs);
    await this.breakThings(clients);
    await this.heal();
    const history = await this.rest(clients);
    const invariants = history ? checkHistory(history, { clientsComplete: true }) : [];
    for (const { process } of network.nodes) {
      for (const { name, exit, lastLines } of process.unexpected) {
        this.problems.push(`${name} ended by itself (${exit.code ?? exit.signal}): ${lastLines.join('\n    ')}`);
      }
    }
    return this.report(startedAt, clients, history, invariants);
  }

  async close(): Promise<void> {
    await this.clients?.close();
  }

  private async breakThings(clients: ChaosClients): Promise<void> {
    const { options, random, network } = this;
    const end = performance.now() + options.durationMs;
    const messages = new MessageRecorder(clients.nats);
    await holdsWithin(() => clients.feeds[0]!.decided >= 3, 20_000);
    const crashes = setInterval(() => random.pick(clients.feeds).crash(), 7_000);
    try {
      for (const step of options.plan ?? makePlan(options.seed, options.only)) {
        if (performance.now() > end) break;
        const context: ChaosContext = {
          network,
          world: clients.world,
          random: new Random(step.seed),
          nats: clients.nats,
          messages,
          feeds: clients.feeds,
          operations: clients.operations,
          series: clients.series,
          registry: clients.registry,
          wrongRoots: this.wrongRoots,
          cutMs: options.cutMs ?? CUT_MS,
          log: (line) => this.log(line),
          injected: (what) => this.injected(what),
        };
        await this.step(step, context, clients);
      }
    } finally {
      clearInterval(crashes);
    }
  }

  private async step(step: Step, context: ChaosContext, clients: ChaosClients): Promise<void> {
    const { cell, phase } = step;
    this.log(`${cellName(cell)} at ${phase}`);
    let result: FaultResult;
    try {
      result = await FAULTS[cell.row](context, phase);
    } catch (error) {
      result = { reached: false, note: `the fault failed: ${(error as Error).message}` };
      await this.heal();
    }
    const recoveredMs = await this.recovered(clients);
    const decidedMs = await this.decidedAgain(clients);
    if (decidedMs === null) this.problems.push(`no decision within ${RECOVER_MS_MAX} ms after ${cellName(cell)}`);
    if (recoveredMs === null) this.problems.push(`no block within ${RECOVER_MS_MAX} ms after ${cellName(cell)}`);
    const takeoverMs = await this.takeover(result, clients);
    const note = [result.note, takeoverMs === null ? '' : `a leader after ${takeoverMs.toFixed(0)} ms`];
    this.steps.push({ cell, phase, reached: result.reached, recoveredMs, takeoverMs, note: note.join(' ').trim() });
    this.log(
      `  ${result.reached ? 'hit' : 'NOT REACHED'}, a block after ${recoveredMs?.toFixed(0)} ms, a decision after ${decidedMs?.toFixed(0)} ms ${note.join(' ')}`,
    );
    if (this.earlier.length < 4) {
      await copyOfLog(this.network, `after step ${this.steps.length}`).then(
        (copy) => this.earlier.push(copy),
        () => undefined,
      );
    }
    await delay(this.random.between(100, 800));
  }

  /** Waits until a follower is handed new blocks; one alone may be an old one that comes again. */
  private async recovered(clients: ChaosClients): Promise<number | null> {
    const healedAtMs = performance.now();
    const height = clients.height();
    const came = await holdsWithin(() => clients.height() >= height + 2, RECOVER_MS_MAX);
    return came ? clients.newestAtMs() - healedAtMs : null;
  }

  /** Waits until an operation is decided that was not before; the next fault needs operations to strike at. */
  private async decidedAgain({ feeds }: ChaosClients): Promise<number | null> {
    const healedAtMs = performance.now();
    const decided = (): number => Math.max(...feeds.map((feed) => feed.decided));
    const before = decided();
    const came = await holdsWithin(() => decided() > before, RECOVER_MS_MAX);
    return came ? performance.now() - healedAtMs : null;
  }

  /** I28: how long after the old leader's death the first block of another epoch came. */
  private async takeover({ leaderDiedAtMs }: FaultResult, { feeds }: ChaosClients): Promise<number | null> {
    if (leaderDiedAtMs === undefined) return null;
    const first = (): number =>
      Math.min(...feeds.flatMap(({ epochsAtMs }) => [...epochsAtMs.values()].filter((atMs) => atMs > leaderDiedAtMs)));
    await holdsWithin(() => first() < Infinity, RECOVER_MS_MAX);
    const takeoverMs = first() - leaderDiedAtMs;
    if (takeoverMs > TAKEOVER_MS_MAX)
      this.problems.push(`I28: the next leader's first block came after ${takeoverMs} ms`);
    return takeoverMs;
  }

  private async heal(): Promise<void> {
    this.network.heal();
    await this.network.restartServers();
  }

  private async rest(clients: ChaosClients): Promise<History | null> {
    this.log('healed; waiting for rest');
    try {
      await clients.stopLoad();
      await waitForRest(clients);
      this.log('at rest; checking');
      const history = await collectHistory(this.network, clients, this.earlier);
      return { ...history, wrongRoots: this.wrongRoots };
    } catch (error) {
      const errors = clients.attempts.newestErrors(performance.now() - ERRORS_SHOWN_MS).slice(0, 8);
      const told = errors.map(([message, count]) => `\n    ${count} × ${message}`);
      this.problems.push(`no rest: ${(error as Error).message}${told.join('')}`);
      return null;
    }
  }

  private report(
    startedAt: string,
    { attempts, feeds }: ChaosClients,
    history: History | null,
    invariants: InvariantReport[],
  ): ChaosReport {
    for (const { failure } of feeds) if (failure) this.problems.push(`a follower stopped: ${failure.message}`);
    const blocks = history?.log.blocks ?? [];
    const feed = feeds[0]!;
    return {
      seed: this.options.seed,
      startedAt,
      passed: history !== null && this.problems.length === 0 && invariants.every(({ status }) => status !== 'failed'),
      steps: this.steps,
      faults: this.faults,
      invariants,
      problems: this.problems,
      operations: { decided: feed.decided, committed: feed.committed },
      attempts: attempts.counts(),
      acknowledgedLost: history ? countLost(history) : 0,
      blocks: blocks.length,
      entries: history?.log.entries.length ?? 0,
      epochs: new Set(blocks.map(({ header }) => header.epoch)).size,
      epochChangeMsMax: longestEpochChange(blocks.map(({ header }) => header)),
      feedRestarts: feeds.reduce((sum, { restartCount }) => sum + restartCount, 0),
    };
  }

  private injected(what: string): void {
    this.faults[what] = (this.faults[what] ?? 0) + 1;
  }

  private log(line: string): void {
    this.options.log?.(line);
  }
}

function longestEpochChange(headers: readonly { epoch: number; timestamp: number }[]): number {
  let longest = 0;
  headers.forEach(({ epoch, timestamp }, place) => {
    const before = headers[place - 1];
    if (before && before.epoch !== epoch) longest = Math.max(longest, timestamp - before.timestamp);
  });
  return longest;
}

/** Acknowledged submissions, each counted once, that the log does not have. */
function countLost({ log, clients = [] }: History): number {
  const there = new Set<string>();
  for (const { kind, id, bytes } of log.entries) {
    if (kind === EntryKind.TRANSACTION) there.add(bytesToHex(id));
    if (kind === EntryKind.PREPARE) there.add(bytesToHex(Prepare.deserialize(entryBody(bytes)).operationId));
  }
  const acknowledged = clients.filter(({ outcome }) => outcome === 'acknowledged').map(({ id }) => id);
  return new Set(acknowledged.filter((id) => !there.has(id))).size;
}
