/** A simulated process: what it has planned dies with it, and waits while it is paused. */
export class Owner {
  alive = true;
  /** Virtual ms until which it does nothing. */
  pausedUntilMs = 0;

  /** @param hasPromises whether its code waits for promises, which are then run after each of its events */
  constructor(readonly hasPromises: boolean) {}
}

/** The process that something is for, asked for when it comes about; null where there is none. */
export type Receiver = () => Owner | null;

/** Something that is planned. */
class Event {
  /**
   * @param owner whose turn it will be, or how to find that out then
   * @param run null once it is cancelled
   */
  constructor(
    readonly atMs: number,
    readonly order: number,
    readonly owner: Owner | Receiver | null,
    public run: (() => void) | null,
  ) {}

  cancel(): void {
    this.run = null;
  }
}

const real = { setTimeout, clearTimeout, setImmediate };
/** Whoever's turn it is: timers that its code sets are virtual ones. */
let active: Scheduler | null = null;
const activate = (scheduler: Scheduler | null): void => {
  active = scheduler;
};

/**
 * Virtual time: one event after the other, in the order of time and then of planning. After each event all promises
 * that it settled have run, so production code with promises and timers does the same in each run. While a scheduler
 * runs, the global timers are its own, and belong to the process whose event set them.
 */
export class Scheduler {
  nowMs = 0;
  private readonly heap: Event[] = [];
  private planned = 0;
  private owner: Owner | null = null;

  /** Plans something. Of a process that has died meanwhile nothing runs. */
  at(atMs: number, owner: Owner | Receiver | null, run: () => void): { cancel(): void } {
    const event = new Event(Math.max(atMs, this.nowMs), this.planned++, owner, run);
    this.push(event);
    return event;
  }

  after(ms: number, owner: Owner | Receiver | null, run: () => void): { cancel(): void } {
    return this.at(this.nowMs + ms, owner, run);
  }

  /** Runs events until `isDone` or until nothing happens before `untilMs`. */
  async run(untilMs: number, isDone: () => boolean): Promise<void> {
    activate(this);
    try {
      while (this.heap.length > 0 && this.heap[0]!.atMs <= untilMs && !isDone()) {
        const event = this.pop();
        const { run } = event;
        this.nowMs = event.atMs;
        const owner = typeof event.owner === 'function' ? event.owner() : event.owner;
        if (!run || owner?.alive === false || (owner === null && event.owner !== null)) continue;
        if (owner && owner.pausedUntilMs > this.nowMs) {
          this.at(owner.pausedUntilMs, owner, run);
          continue;
        }
        this.owner = owner;
        run();
        if (owner?.hasPromises) await settled();
      }
    } finally {
      activate(null);
      this.owner = null;
    }
  }

  /** A timer of the process whose turn it is. */
  timer(ms: number, run: () => void): { cancel(): void } {
    if (!this.owner?.hasPromises) throw new Error('a timer is set outside the turn of the process that sets it');
    return this.after(Math.max(0, Math.ceil(ms)), this.owner, run);
  }

  private push(event: Event): void {
    const { heap } = this;
    let place = heap.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = event;
  }

  private pop(): Event {
    const { heap } = this;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Ends when no promise is left that could run: ticks come after all of them. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Lets the real event loop take a turn. */
export const realTurn = (): Promise<void> => new Promise((resolve) => real.setImmediate(resolve));

type Timer = { cancel(): void };
type Globals = { setTimeout: unknown; clearTimeout: unknown; setImmediate: unknown };

/** Puts virtual timers in the place of the global ones, for as long as a scheduler runs. Returns what undoes that. */
export function installVirtualTimers(): () => void {
  const globals = globalThis as Globals;
  globals.setTimeout = (run: () => void, ms = 0) => (active ? active.timer(ms, run) : real.setTimeout(run, ms));
  globals.setImmediate = (run: () => void) => (active ? active.timer(0, run) : real.setImmediate(run));
  globals.clearTimeout = (timer: Timer | NodeJS.Timeout | undefined) => {
    if (timer && 'cancel' in timer) timer.cancel();
    else real.clearTimeout(timer);
  };
  return () => Object.assign(globals, real);
}
