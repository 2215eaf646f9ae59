import type { ArmFailpoint, FailpointHit, FailpointName } from '#libs/runtime';
import type { ProcessExit, SupervisedProcess } from '../../servers/index.js';

/** How a process of the network ended without our doing. */
export interface UnexpectedExit {
  name: string;
  exit: ProcessExit;
  lastLines: string[];
}

/** Said by each of our processes once it has started. */
const STARTED = /^(sequencer listens on|executor \d+ .* runs from block)/;
const START_MS_MAX = 600_000;
const RETRY_MS = 500;

/**
 * One of our processes in a chaos network: started, killed and started again under the same name.
 *
 *     down ── start() ──► up ⇄ paused
 *      ▲                  └──┬──┘
 *      └── kill(), stop(), a failpoint, or by itself
 *
 * One that gives up while it starts, as when its database is away, is started again after a moment: that is what any
 * supervisor does. One that ends by itself later is a finding.
 */
export class ChaosProcess {
  /** Ends by itself that were no answer to a signal of ours. */
  readonly unexpected: UnexpectedExit[] = [];
  /** Starts so far, and those among them that the process gave up by itself. */
  starts = 0;
  failedStarts = 0;
  private current: SupervisedProcess | null = null;
  private readonly listeners = new Set<(hit: FailpointHit) => void>();
  private stopping = false;

  /** @param spawn starts the process; gets what its failpoints are armed with from the first moment */
  constructor(
    readonly name: string,
    private readonly spawn: (armed: readonly ArmFailpoint[]) => SupervisedProcess,
  ) {}

  get isUp(): boolean {
    return this.current !== null && !this.current.hasExited;
  }

  get pid(): number | null {
    return this.isUp ? this.current!.pid : null;
  }

  /** Starts the process unless it is up. */
  start(armed: readonly ArmFailpoint[] = []): void {
    if (this.isUp) return;
    this.starts += 1;
    this.stopping = false;
    const started = this.spawn(armed);
    this.current = started;
    started.onMessage((message) => {
      if (typeof (message as FailpointHit | null)?.failpointHit !== 'string') return;
      for (const listener of [...this.listeners]) listener(message as FailpointHit);
    });
    let hasStarted = false;
    started.waitForLine(STARTED, START_MS_MAX).then(
      () => (hasStarted = true),
      () => undefined,
    );
    void started.exited.then((exit) => {
      if (exit.signal === 'SIGKILL' || this.stopping) return;
      if (!hasStarted) {
        this.failedStarts += 1;
        setTimeout(() => this.stopping || this.start(), RETRY_MS);
        return;
      }
      this.unexpected.push({ name: this.name, exit, lastLines: started.lastLines(25) });
    });
  }

  /** SIGKILL; ends when the process has ended. */
  async kill(): Promise<void> {
    this.current?.kill('SIGKILL');
    await this.current?.exited;
  }

  /** Asks the process to end in good order. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.current?.stop();
  }

  pause(): void {
    this.current?.pause();
  }

  resume(): void {
    this.current?.resume();
  }

  /** Ends when the process has ended, however. */
  async exited(): Promise<void> {
    await this.current?.exited;
  }

  arm(failpoint: ArmFailpoint): void {
    this.current?.send(failpoint);
  }

  disarm(failpoint: FailpointName): void {
    this.current?.send({ failpoint, action: 'disarm' } satisfies ArmFailpoint);
  }

  /** Moves the process's wall clock, in ms from the true one. It is true again after a start. */
  setClock(clockOffsetMs: number): void {
    this.current?.send({ clockOffsetMs });
  }

  /** Calls back at each hit of an armed failpoint until the returned function is called. */
  onHit(listener: (hit: FailpointHit) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
